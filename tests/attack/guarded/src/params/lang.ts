export const match = (text: string) => text === "en" || text === "de";
