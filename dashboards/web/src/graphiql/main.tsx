import "graphiql/style.css";
import "./graphiql.css";
import { createRoot } from "react-dom/client";
import { answered, rest } from "../data/client";
import { Page } from "./page";

/** Whose data is asked for, if the address says it. */
const named = new URLSearchParams(location.search).get("tenant") ?? undefined;

async function start(element: HTMLElement) {
  const query = named === undefined ? {} : { tenant: named };
  const [me, tenants] = await Promise.all([
    answered(rest.GET("/api/v1/me", { params: { query } as never })),
    answered(rest.GET("/api/v1/tenants", { params: { query: { limit: 200 } } as never })),
  ]);
  const names = tenants.data.map(({ name }) => name);
  const tenant = named ?? me.tenant?.name ?? tenants.tenant;
  createRoot(element).render(<Page csrf={me.csrf ?? undefined} tenant={tenant} tenants={names} />);
}

const element = document.getElementById("graphiql");
if (element !== null) {
  start(element).catch((error: unknown) => {
    element.textContent = error instanceof Error ? error.message : String(error);
  });
}
