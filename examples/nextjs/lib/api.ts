/** Where the Bearer API listens; only the server knows. */
export const apiUrl = process.env.API_URL || "http://127.0.0.1:8788";

/** The cookie that holds the API's token. */
export const TOKEN = "taskflow_id_token";
