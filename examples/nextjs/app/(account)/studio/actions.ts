"use server";

import type { State } from "httponly/next";
import { revalidatePath } from "next/cache";
import { who } from "../../../lib/auth";
import { drafts } from "../../../lib/drafts";

/**
 * Publishes a draft. An action can be posted to any page of the app, so the guard of this page is not the action's:
 * it asks for itself.
 */
export async function publish(_: State, form: FormData): Promise<State> {
  const { user } = await who();
  if (user?.role !== "creator" && user?.role !== "admin")
    return { error: { code: "rejected", message: "Only creators and admins publish." } };
  const draft = drafts.find(({ id }) => id === form.get("id"));
  if (draft) draft.published = true;
  revalidatePath("/studio");
  return {};
}
