import { DocsIcon, ToolbarMenu, useEditorContext } from "@graphiql/react";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";
import { useEffect, useMemo } from "react";
import { chosenTheme } from "../app/theme";
import { toLogin } from "../data/problem";
import { examples } from "./examples";

/** GraphiQL over the API of this server: queries by POST, subscriptions over a WebSocket. */
export function Page({ csrf, tenant, tenants }: { csrf: string | undefined; tenant: string; tenants: string[] }) {
  const fetcher = useMemo(() => {
    const path = `/graphql?tenant=${encodeURIComponent(tenant)}`;
    const headers: Record<string, string> = csrf === undefined ? {} : { "sei-csrf": csrf };
    const wsClient = createClient({ url: new URL(path, location.origin.replace(/^http/, "ws")).href });
    return createGraphiQLFetcher({ url: path, headers, wsClient, fetch: asked, enableIncrementalDelivery: false });
  }, [csrf, tenant]);
  return (
    <GraphiQL fetcher={fetcher} defaultQuery={examples[0].query} forcedTheme={chosenTheme()} shouldPersistHeaders={false}>
      <GraphiQL.Logo>
        <a href="/">sei</a>
        {tenants.length > 1 && <Tenants tenant={tenant} tenants={tenants} />}
      </GraphiQL.Logo>
      <GraphiQL.Toolbar>
        {({ prettify, merge, copy }) => (
          <>
            {prettify}
            {merge}
            {copy}
            <Examples />
          </>
        )}
      </GraphiQL.Toolbar>
    </GraphiQL>
  );
}

const asked: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  if (response.status === 401) toLogin();
  return response;
};

/** Chooses whose data is asked for. */
function Tenants({ tenant, tenants }: { tenant: string; tenants: string[] }) {
  const choose = (name: string) => location.assign(`?tenant=${encodeURIComponent(name)}`);
  return (
    <label>
      Data{" "}
      <select value={tenant} onChange={(event) => choose(event.target.value)}>
        {tenants.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

/** Puts an example into the editor of the query. */
function Examples() {
  const { queryEditor, variableEditor, headerEditor, responseEditor } = useEditorContext({ nonNull: true });
  useEffect(() => {
    // CodeMirror gives the fields that screen readers see no name
    queryEditor?.setOption("screenReaderLabel", "Query");
    variableEditor?.setOption("screenReaderLabel", "Variables");
    headerEditor?.setOption("screenReaderLabel", "Headers");
    responseEditor?.setOption("screenReaderLabel", "Answer");
  }, [queryEditor, variableEditor, headerEditor, responseEditor]);
  return (
    <ToolbarMenu label="Examples" button={<DocsIcon className="graphiql-toolbar-icon" aria-hidden="true" />}>
      {examples.map(({ title, query }) => (
        <ToolbarMenu.Item key={title} onSelect={() => queryEditor?.setValue(query)}>
          {title}
        </ToolbarMenu.Item>
      ))}
    </ToolbarMenu>
  );
}
