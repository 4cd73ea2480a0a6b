// Asks and subscribes by urql, as a web application does, and prints what it is sent, a line of JSON each:
//
//   node client.js URL QUERY WRONG SUBSCRIPTION
//
// It asks QUERY, asks it again without its cache by its hash alone (a persisted query), asks WRONG, which is refused, and
// subscribes. It ends after the first result of the subscription.
import { cacheExchange, createClient, fetchExchange, mapExchange, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient as createSocket } from "graphql-ws";
import WebSocket from "ws";

const [url, query, wrong, subscription] = process.argv.slice(2);
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const socket = createSocket({
  url: url.replace(/^http/, "ws"),
  webSocketImpl: WebSocket,
  retryAttempts: 0,
  on: { connected: () => print({ connected: true }) },
});
const sent = [];
const client = createClient({
  url,
  // queries go by POST only
  preferGetMethod: false,
  fetch: (address, options) => {
    sent.push(JSON.parse(options.body).query ? "query" : "hash");
    return fetch(address, options);
  },
  exchanges: [
    mapExchange({ onError: ({ message }) => print({ refused: message }) }),
    cacheExchange,
    persistedExchange({ preferGetForPersistedQueries: false }),
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: (operation) => ({
        subscribe: (sink) => ({
          unsubscribe: socket.subscribe({ query: operation.query ?? "", variables: operation.variables }, sink),
        }),
      }),
    }),
  ],
});

async function ask(text, requestPolicy) {
  sent.length = 0;
  const { data, error } = await client.query(text, {}, { requestPolicy }).toPromise();
  const codes = error?.graphQLErrors.map(({ extensions }) => extensions);
  print({ data: data ?? null, errors: codes ?? [], sent: [...sent] });
}

await ask(query, "cache-first");
await ask(query, "cache-first");
await ask(query, "network-only");
await ask(wrong, "network-only");
const { unsubscribe } = client.subscription(subscription, {}).subscribe(({ data, error }) => {
  print({ event: data ?? null, error: error?.message ?? null });
  unsubscribe();
  socket.dispose();
});
