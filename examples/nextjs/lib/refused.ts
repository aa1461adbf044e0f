import type { GuardRefusal } from "httponly/next";

const TEXT: Record<number, [title: string, text: string]> = {
  403: ["This is not for your account", "You are signed in, but this part is for others."],
  503: [
    "One moment",
    "Signing in is not possible right now, and nobody was signed out. Try again in a few seconds.",
  ],
};

/** What a visitor sees in place of a page that the guard keeps back. It needs nothing but itself. */
export function refused({ status, error }: GuardRefusal): Response {
  const [title, text] = TEXT[status] ?? [String(status), error.message];
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · httponly</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
    color: light-dark(#221d16, #f0eae0); background: light-dark(#f7f4ee, #14120f) }
  body { display: grid; place-content: center; min-height: 90vh; margin: 0; padding: 1.5rem }
  main { max-width: 26rem; padding: 2rem; border: 1px solid light-dark(#e4dccf, #3a352d); border-radius: 1rem;
    background: light-dark(#fffdfa, #1e1b17) }
  h1 { margin: 0 0 .5rem; font-size: 1.4rem; line-height: 1.25 }
  p { margin: 0 0 1.25rem; color: light-dark(#6b6255, #ada392) }
  a { color: light-dark(#b4541a, #ef9a5f) }
</style>
<main>
  <h1>${title}</h1>
  <p>${text}</p>
  <a href="/library">To the library</a>
</main>
</html>
`;
  return new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } });
}
