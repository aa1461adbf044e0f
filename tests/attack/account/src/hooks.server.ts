import { guard } from "httponly/server";
import { handle as session } from "httponly/sveltekit";
import { auth } from "$lib/auth.server";

export const handle = session(auth, {
  guard: guard({
    "(authenticated)": "signed-in",
    "(studio)": { role: ["creator", "admin"] },
    "/account": "signed-in",
    "/login": "signed-out",
  }),
});
