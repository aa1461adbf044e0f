import { AuthProvider, useAuth } from "httponly/react";
import { createElement, StrictMode, Suspense } from "react";

function Account() {
  const { status, user, session, error } = useAuth();
  const text = `${status} ${user?.name ?? "nobody"} ${session ? "session" : "none"} ${error?.code ?? "fine"}`;
  return createElement("p", { id: "hook" }, text);
}

export function App({ initial }) {
  const account = createElement(Suspense, null, createElement(Account));
  return createElement(StrictMode, null, createElement(AuthProvider, { initial }, account));
}
