import { guard } from "httponly/server";
import { sessionHandle } from "httponly/sveltekit";
import { auth } from "$lib/auth.server";

export const handle = sessionHandle(auth, {
  guard: guard({
    "(authenticated)": "signed-in",
    "(studio)": { role: ["creator", "admin"] },
    "/account": "signed-in",
    "/login": "signed-out",
  }),
});
