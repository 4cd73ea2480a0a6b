import { useEffect, useState } from "react";
import type { Answer, Question } from "sei-client";
import { useFilter } from "./filter";
import { defined, useRest } from "./queries";
import type { Schema } from "./types";

/** What a search finds. */
export type Hit = Answer<"/api/v1/search">["data"][number];
export type HitKind = Hit["kind"];

/** When something shipped, and its parts. */
export type Journey = Answer<"/api/v1/journey">["data"];
/** The kinds of things whose way to production can be asked for. */
export type JourneyKind = Schema<"JourneyKind">;
export type JourneyStep = Schema<"JourneyStep">;
export type JourneyDeployment = Schema<"JourneyDeployment">;
export type JourneyService = Schema<"JourneyService">;
export type JourneyRun = Schema<"JourneyRun">;
export type JourneyWay = Schema<"JourneyWay">;

/** The whole way of something to each environment. */
export function useJourney(kind: JourneyKind, id: string) {
  const { tenant } = useFilter();
  return useRest("/api/v1/journey", { tenant, kind, id });
}

/** What is called so, or has these words in its title. Nothing is asked before there are two characters. */
export function useHits(text: string, options: { kinds?: readonly HitKind[]; limit?: number } = {}) {
  const { tenant } = useFilter();
  const q = text.trim().slice(0, 200);
  const query = defined({ tenant, q, kinds: options.kinds?.join(","), limit: options.limit ?? 20 });
  return useRest("/api/v1/search", query as Question<"/api/v1/search">, { enabled: q.length > 1 });
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
