/** Remembers every text that the page shows, so that a flicker is seen, however short. */
export function record() {
  const root = document.querySelector("#root");
  globalThis.shown = [root.textContent];
  new MutationObserver(() => {
    if (globalThis.shown.at(-1) !== root.textContent) globalThis.shown.push(root.textContent);
  }).observe(root, { subtree: true, childList: true, characterData: true });
}
