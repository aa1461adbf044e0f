import { clientAddress, route } from "httponly/next";
import { backend } from "../../../../../declarations.ts";

// `PROXIES` is the number of proxies in front; without it no address is known.
const proxies = Number(process.env.PROXIES ?? 0);
const auth = backend(proxies > 0 ? clientAddress({ trustProxy: proxies }) : undefined);

export const dynamic = "force-dynamic";
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(auth.handler);
