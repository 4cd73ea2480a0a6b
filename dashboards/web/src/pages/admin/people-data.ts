import type { Row } from "sei-client";

export type Person = Row<"/api/v1/people">;
/** The addresses whose answers change with who is who. */
export const PEOPLE = /^\/api\/v1\/(people|me|search|review|changes|open-changes)/;
