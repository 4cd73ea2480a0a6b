import { useQueryClient, type Query, type QueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { askFailedAgain } from "./failed";
import { toLogin } from "./problem";

const KINDS = ["deployment", "incident", "metrics", "source"] as const;
type Kind = (typeof KINDS)[number];

/** The addresses of REST whose answers an event may change. Questions of GraphQL name their events in `meta.kinds`. */
const CHANGED_BY: Record<Kind, RegExp> = {
  deployment: /^\/api\/v1\/(deployments|changes|open-changes|services|journey|me\/work)/,
  incident: /^\/api\/v1\/(incidents|journey)/,
  metrics: /^\/api\/v1\/(dora|metrics\/|answers|movers|target-results|open-changes|review|item-times|work-items|pipeline-runs|vulnerabilities|journey|me\/work)/,
  source: /^\/api\/v1\/(sources|findings|dead-letters)/,
};

let isConnected = false;
const watchers = new Set<() => void>();

function setConnected(value: boolean): void {
  if (isConnected === value) return;
  isConnected = value;
  for (const watcher of watchers) watcher();
}

/** Whether live updates arrive. */
export function useIsLive(): boolean {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => isConnected,
  );
}

/** Whether an event of this kind may change the answer to a query. */
export function isChangedBy(query: Pick<Query, "queryKey" | "meta">, kind: Kind): boolean {
  const [api, path] = query.queryKey;
  if (api === "graphql") return (query.meta?.kinds as string[] | undefined)?.includes(kind) ?? false;
  return api === "rest" && typeof path === "string" && CHANGED_BY[kind].test(path);
}

/** How long events are gathered before what they change is asked for again. */
const GATHERED_MS = 250;

/** Keeps one stream of events open for a tenant, and asks again for what its events change. The browser resumes it. */
export function useLive(tenant: string | undefined): void {
  const client = useQueryClient();
  useEffect(() => listen(client, tenant), [client, tenant]);
}

function listen(client: QueryClient, tenant: string | undefined): () => void {
  const parameters = new URLSearchParams({ kinds: KINDS.join(",") });
  if (tenant !== undefined) parameters.set("tenant", tenant);
  const pending = new Set<Kind>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let source: EventSource;
  let again: ReturnType<typeof setTimeout> | undefined;

  const ask = () => {
    timer = undefined;
    const kinds = [...pending];
    pending.clear();
    void client.invalidateQueries({ predicate: (query) => kinds.some((kind) => isChangedBy(query, kind)) });
  };
  const changed = (kinds: readonly Kind[]) => {
    for (const kind of kinds) pending.add(kind);
    timer ??= setTimeout(ask, GATHERED_MS);
  };
  const open = () => {
    source = new EventSource(`/api/v1/stream?${parameters}`);
    source.addEventListener("ready", () => {
      setConnected(true);
      // the server is there again
      askFailedAgain(client);
    });
    for (const kind of KINDS) source.addEventListener(kind, () => changed([kind]));
    source.addEventListener("reset", () => changed(KINDS));
    source.addEventListener("dropped", (event) => {
      const { reason } = JSON.parse((event as MessageEvent<string>).data) as { reason: string };
      if (reason === "access") toLogin();
    });
    source.addEventListener("error", () => {
      setConnected(false);
      // a stream that was refused does not come back by itself
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, 10_000);
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    clearTimeout(again);
    source.close();
    setConnected(false);
  };
}
