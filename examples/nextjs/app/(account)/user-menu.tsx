"use client";

import { useAuth } from "httponly/react";
import Link from "next/link";
import { signout } from "./actions";
import { FlowForm } from "./form";

/** Who is signed in, and the way out. What the server rendered stands, until another tab signs out or in. */
export function UserMenu() {
  const { user } = useAuth();
  if (!user)
    return (
      <Link className="button" href="/login" prefetch={false}>
        Sign in
      </Link>
    );
  const name = user.name ?? user.email;
  return (
    <details className="menu" data-testid="user-menu">
      <summary>
        <span className="avatar" aria-hidden="true">
          {name.slice(0, 1)}
        </span>
        <span className="name">{name}</span>
      </summary>
      <div className="card">
        <p>
          <strong>{name}</strong>
          <span>{user.email}</span>
        </p>
        <Link href="/account" prefetch={false}>
          Account and devices
        </Link>
        <FlowForm action={signout} submit="Sign out" kind="quiet" />
      </div>
    </details>
  );
}
