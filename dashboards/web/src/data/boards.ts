import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Row } from "sei-client";
import { saveFile } from "../format/csv";
import { answered, csrfHeaders, rest } from "./client";
import { useFilter } from "./filter";
import { problemOf, unreachable } from "./problem";
import { defined, useList, useRest } from "./queries";
import type { Schema } from "./types";

export type Tile = Schema<"Tile">;
export type Board = Schema<"Answer_Board">["data"];
export type BoardSummary = Row<"/api/v1/boards">;

/** A board as it is sent: new, or in place of the version that was read. */
export interface SentBoard {
  title: string;
  description: string;
  owner?: string;
  tiles: Tile[];
  version?: number;
}

/** The boards that may be seen. */
export function useBoards() {
  const { tenant } = useFilter();
  return useList("/api/v1/boards", defined({ tenant }) as never, { limit: 200 });
}

/** One board with its tiles. */
export function useBoard(id: string) {
  const { tenant } = useFilter();
  return useRest("/api/v1/boards/{id}", defined({ tenant }) as never, { names: { id } });
}

/** Whether a question is about boards: what is written changes its answer. */
function isOfBoards({ queryKey }: { queryKey: readonly unknown[] }): boolean {
  return typeof queryKey[1] === "string" && queryKey[1].startsWith("/api/v1/boards");
}

/** Writes boards: `create`, `replace` and `remove`; afterwards what is shown of boards is asked for again. */
export function useBoardWrites() {
  const { tenant } = useFilter();
  const client = useQueryClient();
  const query = defined({ tenant });
  const onSuccess = () => client.invalidateQueries({ predicate: isOfBoards });
  const create = useMutation({
    mutationFn: (board: SentBoard) => answered<{ data: Board }>(rest.POST("/api/v1/boards", { params: { query }, body: board as never }) as never),
    onSuccess,
  });
  const replace = useMutation({
    mutationFn: ({ id, board }: { id: string; board: SentBoard }) => answered<{ data: Board }>(rest.PUT("/api/v1/boards/{id}", { params: { path: { id }, query }, body: board as never }) as never),
    onSuccess,
  });
  const remove = useMutation({
    mutationFn: ({ id, version }: { id: string; version: number }) => answered(rest.DELETE("/api/v1/boards/{id}", { params: { path: { id }, query: { ...query, version } } } as never) as never),
    onSuccess,
  });
  const load = useMutation({ mutationFn: (toml: string) => sendToml(toml, tenant), onSuccess });
  return { create, replace, remove, load };
}

/** Adds a tile at the end of a board as it is now. */
export async function addTile(id: string, tile: Tile, tenant: string | undefined): Promise<void> {
  const params = { path: { id }, query: defined({ tenant }) };
  const { data: board } = await answered<{ data: Board }>(rest.GET("/api/v1/boards/{id}", { params } as never) as never);
  const { title, description, tiles, version } = board;
  await answered(rest.PUT("/api/v1/boards/{id}", { params, body: { title, description, tiles: [...tiles, tile], version } } as never) as never);
}

/** Saves a board as a file of TOML. */
export async function saveToml({ id, title }: Pick<Board, "id" | "title">, tenant: string | undefined): Promise<void> {
  const response = await sent(`/api/v1/boards/${encodeURIComponent(id)}`, tenant, { headers: { accept: "application/toml" } });
  saveFile(`${title}.toml`, "application/toml", await response.text());
}

/** Makes a board of a file of TOML. */
async function sendToml(toml: string, tenant: string | undefined): Promise<{ data: Board }> {
  const headers = { "content-type": "application/toml", accept: "application/json", ...csrfHeaders() };
  const response = await sent("/api/v1/boards", tenant, { method: "POST", headers, body: toml });
  return (await response.json()) as { data: Board };
}

async function sent(path: string, tenant: string | undefined, init: RequestInit): Promise<Response> {
  const parameters = new URLSearchParams(defined({ tenant }) as Record<string, string>);
  const response = await fetch(`${path}?${parameters}`, init).catch(() => {
    throw unreachable();
  });
  if (!response.ok) throw await problemOf(response);
  return response;
}
