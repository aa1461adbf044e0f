import { getCookie } from "httponly";
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
