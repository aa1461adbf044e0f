/** All that an app could hand to the page, so that it stands in the HTML and in the data. */
export const load = ({ locals }) => ({ ...locals });
