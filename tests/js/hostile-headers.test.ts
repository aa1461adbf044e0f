import { getCookie } from "httponly";
import { getRequestCookies } from "httponly/server";
import { expect, test } from "vitest";

test("headers that grow unit by unit take no new memory each", () => {
  const before = process.memoryUsage().external;
  for (let length = 8_193; length < 16_384; length++) {
    const cookies = `${"x".repeat(length - 7)}=1; a=2`;
    if (length % 1000 === 0) expect(getCookie("a", { cookies })).toBe("2");
    else getCookie("a", { cookies });
  }
  // One longer room is 64 KiB; the rest is what this test itself makes.
  expect(process.memoryUsage().external - before).toBeLessThan(8_000_000);
});

test("bytes that are no UTF-8 keep their place, however many, and take no time", () => {
  const raw = Buffer.from("ü").toString("latin1");
  const header = `a=${raw}; ${"\xfc;".repeat(100_000)}b=2; c=\xfc${raw}`;
  const start = performance.now();
  const cookies = getRequestCookies(header);
  expect(["a", "b", "c"].map((name) => getCookie(name, { cookies: header }))).toEqual([
    "ü",
    "2",
    `\xfc${raw}`,
  ]);
  expect([cookies.a, cookies.b, cookies.c]).toEqual(["ü", "2", `\xfc${raw}`]);
  // As many exceptions take several seconds.
  expect(performance.now() - start).toBeLessThan(1_000);
});
