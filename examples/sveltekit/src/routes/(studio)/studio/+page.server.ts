import { drafts } from "$lib/drafts.server";
import type { Actions, PageServerLoad } from "./$types";

export const load: PageServerLoad = () => ({ drafts });

// The guard of the group holds for its actions, too: only a creator or an admin gets here.
export const actions: Actions = {
  publish: async ({ request }) => {
    const id = (await request.formData()).get("id");
    const draft = drafts.find((one) => one.id === id);
    if (draft) draft.published = true;
  },
};
