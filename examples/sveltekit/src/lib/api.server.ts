import { env } from "$env/dynamic/private";

/** Where the Bearer API listens; only the server knows. */
export const apiUrl = env.API_URL || "http://127.0.0.1:8788";

/** The cookie that holds the API's token. */
export const TOKEN = "access_token";
