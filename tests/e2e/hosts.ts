/** Where the tests find the example. Chromium resolves every name below localhost to this machine. */
export const hosts = {
  localhost: { origin: "http://localhost:4310", port: 4310, apiPort: 4311, authPort: 4314 },
  subdomain: { origin: "http://app.my.localhost:4312", port: 4312, apiPort: 4313, authPort: 4315 },
} as const;
