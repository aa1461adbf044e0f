import { COURSES } from "$lib/courses.server";
import type { PageServerLoad } from "./$types";

// A page without a load of its own on the server would open in the browser without asking, and pass no guard.
export const load: PageServerLoad = () => ({ courses: COURSES });
