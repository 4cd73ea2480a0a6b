//! Whatever a GraphQL document says, its cost is found in bounded time; what costs little enough is validated and
//! executed, on a schema that leads from nodes to nodes as ours does, and its fields are put into order. The head of an
//! input is the document's variables, as JSON.
#![no_main]

use std::sync::LazyLock;

use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, Request, Schema, Variables};
use futures::executor::block_on;
use libfuzzer_sys::{Corpus, fuzz_target};

/// How documents are read, and the fields of answers ordered, as it is in the crate `api`.
#[allow(dead_code, missing_docs, reason = "of the files of another crate")]
#[path = "../../api/src/graphql"]
mod graphql {
    mod cost;
    mod order;

    use async_graphql::parser::types::ExecutableDocument;
    use async_graphql::{Value, Variables};

    pub fn read(query: &str, variables: &Variables) -> Option<ExecutableDocument> {
        cost::read(query, variables).ok()
    }

    pub fn restore(data: &mut Value, document: &ExecutableDocument, variables: &Variables) {
        order::restore(data, document, None, variables);
    }
}

/// A thing of the graph.
struct Node;

#[Object]
impl Node {
    async fn id(&self) -> ID {
        "bm9kZQ".into()
    }

    async fn name(&self, #[graphql(default)] prefixes: Vec<String>) -> String {
        prefixes.concat()
    }

    async fn parent(&self, id: Option<ID>) -> Option<Node> {
        id.is_none().then_some(Node)
    }

    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn nodes(&self, first: Option<u32>) -> Vec<Node> {
        (0..first.unwrap_or(2).min(2)).map(|_| Node).collect()
    }
}

/// With the limits of the schema in `api`.
static SCHEMA: LazyLock<Schema<Node, EmptyMutation, EmptySubscription>> = LazyLock::new(|| {
    let builder = Schema::build(Node, EmptyMutation, EmptySubscription);
    builder.limit_recursive_depth(32).limit_depth(16).limit_complexity(10_000).finish()
});

fuzz_target!(|data: &[u8]| -> Corpus {
    let (head, body) = sei_fuzz::split(data);
    let Ok(query) = std::str::from_utf8(body) else { return Corpus::Reject };
    let variables = Variables::from_json(serde_json::from_str(head).unwrap_or_default());
    let Some(document) = graphql::read(query, &variables) else { return Corpus::Keep };
    let mut request = Request::new(query).variables(variables.clone());
    request.set_parsed_query(document.clone());
    let answered = block_on(SCHEMA.execute(request)).data;
    let mut ordered = answered.clone();
    graphql::restore(&mut ordered, &document, &variables);
    assert_eq!(ordered, answered, "fields are lost or others when they are put into order");
    Corpus::Keep
});
