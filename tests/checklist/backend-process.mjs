// The backend in a process of its own, so that it can be killed. Its parent sends createBackend's options, and is told
// when it listens.
import { createBackend } from "../../examples/auth-backend/backend.js";

process.once("message", async (options) => {
  await createBackend(options);
  process.send("listening");
});
process.once("disconnect", () => process.exit());
