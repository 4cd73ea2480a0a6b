import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useFilter } from "./filter";
import { defined, restQuery } from "./queries";

/** What a search finds. */
export type HitKind = "change" | "commit" | "work_item" | "release" | "deployment" | "incident" | "service" | "repository" | "team" | "sprint";

/** The kinds of things whose way to production can be asked for. */
export type JourneyKind = "change" | "commit" | "work_item" | "release" | "deployment";

export interface Hit {
  kind: HitKind;
  id: string;
  node_id: string;
  title: string;
  subtitle: string | null;
  at: string | null;
  url: string | null;
}

export interface JourneyStep {
  step: string;
  at: string | null;
  why: string | null;
}

export interface JourneyIncident {
  id: string;
  title: string;
  severity: string | null;
  detected_at: string;
  resolved_at: string | null;
  url: string | null;
}

export interface JourneyDeployment {
  id: string;
  name: string | null;
  source: string;
  environment: string | null;
  is_production: boolean;
  is_first_in_production: boolean;
  is_still_there: boolean;
  finished_at: string;
  failed: boolean | null;
  restored_at: string | null;
  incidents: JourneyIncident[];
  url: string | null;
}

export interface JourneyService {
  service: string;
  in_production_at: string | null;
  why: string[];
  deployments: JourneyDeployment[];
}

export interface JourneyRun {
  id: string;
  name: string;
  outcome: "success" | "failure" | "neither" | null;
  queued_at: string;
  started_at: string | null;
  finished_at: string | null;
  url: string | null;
}

export interface JourneyWay {
  kind: JourneyKind;
  id: string;
  title: string;
  url: string | null;
  state: "open" | "merged" | "abandoned" | null;
  steps: JourneyStep[];
  runs: JourneyRun[];
  services: JourneyService[];
}

export interface Journey {
  kind: JourneyKind;
  id: string;
  title: string;
  url: string | null;
  steps: JourneyStep[];
  ways: JourneyWay[];
  shortened: boolean;
}

/** The whole way of something to each environment. */
export function useJourney(kind: JourneyKind, id: string, options: { enabled?: boolean } = {}) {
  const { tenant } = useFilter();
  const query = restQuery("/api/v1/journey" as never, defined({ tenant, kind, id }) as never);
  return useQuery({ ...query, enabled: options.enabled ?? true } as never) as ReturnType<typeof useQuery<{ data: Journey }>>;
}

/** What is called so, or has these words in its title. Nothing is asked before there are two characters. */
export function useHits(text: string, options: { kinds?: readonly HitKind[]; limit?: number } = {}) {
  const { tenant } = useFilter();
  const q = text.trim();
  const query = restQuery("/api/v1/search" as never, defined({ tenant, q: q.slice(0, 200), kinds: options.kinds?.join(","), limit: options.limit ?? 20 }) as never);
  return useQuery({ ...query, enabled: q.length > 1 } as never) as ReturnType<typeof useQuery<{ data: Hit[] }>>;
}

/** A value that follows another one when that has not changed for a while: what is typed. */
export function useSettled<T>(value: T, milliseconds: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
