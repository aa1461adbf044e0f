// How commands are run that must ask nothing, with a terminal or without one, and whether or not `CI` is set. The
// documentation keeps what a person types; whoever runs that here also closes its standard input.

/** What each program that may ask takes for an answer. */
const ANSWERS = {
  npm_config_yes: "true", //            npx: "Ok to proceed?"; it beats a `yes=false` of the user's own .npmrc
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_update_notifier: "false",
  COREPACK_ENABLE_DOWNLOAD_PROMPT: "0",
  NEXT_TELEMETRY_DISABLED: "1",
  // create-next-app makes a Git repository and commits to it: neither a password nor a signing key is asked for.
  GIT_TERMINAL_PROMPT: "0",
  GIT_CONFIG_COUNT: "1",
  GIT_CONFIG_KEY_0: "commit.gpgSign",
  GIT_CONFIG_VALUE_0: "false",
  DEBIAN_FRONTEND: "noninteractive",
  DEBCONF_NONINTERACTIVE_SEEN: "true",
  APT_LISTCHANGES_FRONTEND: "none",
  NEEDRESTART_MODE: "a",
};

/** The environment of such a command: this process's own without `CI`, so that all machines do the same. */
export function unattended(settings = {}) {
  const { CI: _, ...env } = process.env;
  return { ...env, ...ANSWERS, ...settings };
}
