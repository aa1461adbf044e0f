import { route } from "httponly/next";
import { apiProxy } from "httponly/server";

export const dynamic = "force-dynamic";

export const { GET, POST } = route(
  apiProxy({
    mount: "/httponly",
    target: { url: () => process.env.UPSTREAM, authorization: { bearer: "token" } },
  }),
);
