import { expect, signin, test } from "./fixtures.ts";

test("the page asks no other origin for anything", async ({ page, open, recorded, baseURL }) => {
  await open();
  await signin(page);
  expect(recorded.origins().filter((origin) => origin !== "null")).toEqual([baseURL]);
});

test("every control has an accessible name", async ({ page, open }) => {
  await open();
  await page.getByText("Options", { exact: true }).click();
  const controls = page.locator("button, input, select, summary, a");
  expect(await controls.count()).toBeGreaterThan(30);
  for (const control of await controls.all()) await expect(control).toHaveAccessibleName(/\S/);
});

test("the page is usable with the keyboard alone", async ({ page, open }) => {
  await open();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the page" })).toBeFocused();
  await expect(page.getByRole("link", { name: "Skip to the page" })).toBeInViewport();

  const section = page.getByRole("region", { name: "Client cookies" });
  await section.getByLabel("Name", { exact: true }).focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("typed");
  await page.keyboard.press("Tab");
  await page.keyboard.type("1");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("client-result")).toContainText("Kept");

  const seen: string[] = [];
  for (let step = 0; step < 40; step++) {
    await page.keyboard.press("Tab");
    seen.push(await page.evaluate(() => document.activeElement?.textContent?.trim() ?? ""));
  }
  for (const name of [
    "Read",
    "Delete",
    "5,000 bytes",
    "A path without /",
    "Sign in",
    "GET /me with bearer",
    "Save name",
  ])
    expect(seen).toContain(name);
  const ring = await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle);
  expect(ring).toBe("solid");
});

for (const width of [320, 390, 768, 1360])
  test(`nothing is cut off and nothing scrolls sideways at ${width} px`, async ({ page, open }) => {
    await page.setViewportSize({ width, height: 800 });
    await open();
    await page.getByRole("button", { name: "5,000 bytes" }).click();
    await signin(page);
    await page.getByText("Options", { exact: true }).click();
    const { scroll, client } = await page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      client: document.documentElement.clientWidth,
    }));
    expect(scroll).toBe(client);
  });

test.describe("text is readable in both themes", () => {
  for (const colorScheme of ["light", "dark"] as const)
    test(colorScheme, async ({ page, open }) => {
      await page.emulateMedia({ colorScheme });
      await open();
      await page.getByRole("button", { name: "; in a name" }).click();
      await signin(page);
      // WCAG 2.2, 1.4.3: 4.5 : 1 for text.
      const low = await page.evaluate(() => {
        const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        if (!canvas) throw new Error("no canvas");
        const rgb = (color: string) => {
          canvas.clearRect(0, 0, 1, 1);
          canvas.fillStyle = color;
          canvas.fillRect(0, 0, 1, 1);
          return [...canvas.getImageData(0, 0, 1, 1).data] as [number, number, number, number];
        };
        const luminance = ([r, g, b]: [number, number, number, number]) => {
          const [x, y, z] = [r, g, b].map((part) =>
            part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
          ) as [number, number, number];
          return 0.2126 * x + 0.7152 * y + 0.0722 * z;
        };
        const background = (element: Element | null): [number, number, number, number] => {
          for (let at = element; at; at = at.parentElement) {
            const color = rgb(getComputedStyle(at).backgroundColor);
            if (color[3] === 255) return color;
          }
          return [255, 255, 255, 255];
        };
        const low: string[] = [];
        for (const element of document.querySelectorAll("body *")) {
          const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim());
          if (!own || !(element as HTMLElement).checkVisibility() || element.closest(":disabled, noscript"))
            continue;
          const [a, b] = [luminance(rgb(getComputedStyle(element).color)), luminance(background(element))];
          const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          if (ratio < 4.5) low.push(`${element.textContent?.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
        }
        return low;
      });
      expect(low).toEqual([]);
    });
});

test("a chosen theme stays after a reload", async ({ page, open }) => {
  await open();
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.getByText("dark", { exact: true }).click();
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.reload();
  expect(await background()).toBe(dark);
  await page.getByText("auto", { exact: true }).click();
  expect(await background()).toBe(light);
});
