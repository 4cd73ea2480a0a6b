//! The order of an answer's fields: that in which the document selects them, whichever was read first. (GraphQL's
//! specification of October 2021, 7.2.2.)

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value};

/// What is selected of an object: its fields by their names in the answer, with their places and what is selected of
/// them.
#[derive(Default)]
struct Selected<'a>(HashMap<&'a Name, (usize, Selected<'a>)>);

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// Puts the fields of an answer to a document into the order of their first selection. Without an operation's name the
/// document has one operation.
pub(super) fn restore(data: &mut Value, document: &ExecutableDocument, operation: Option<&str>) {
    let mut operations = document.operations.iter();
    let asked = operations.find(|(name, _)| operation.is_none() || name.map(|name| name.as_str()) == operation);
    if let Some((_, asked)) = asked {
        let mut selected = Selected::default();
        selected.add(&asked.node.selection_set.node, &document.fragments);
        selected.arrange(data);
    }
}

impl<'a> Selected<'a> {
    /// Adds what a document selects that [`super::cost`] lets pass, so no fragment is in itself.
    fn add(&mut self, set: &'a SelectionSet, fragments: &'a Fragments) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let place = self.0.len();
                    let name = &field.node.response_key().node;
                    let (_, below) = self.0.entry(name).or_insert_with(|| (place, Self::default()));
                    below.add(&field.node.selection_set.node, fragments);
                }
                Selection::InlineFragment(inline) => self.add(&inline.node.selection_set.node, fragments),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = fragments.get(&spread.node.fragment_name.node) {
                        self.add(&fragment.node.selection_set.node, fragments);
                    }
                }
            }
        }
    }

    fn arrange(&self, value: &mut Value) {
        match value {
            Value::List(values) => values.iter_mut().for_each(|value| self.arrange(value)),
            // of a value that is an object itself nothing is selected
            Value::Object(fields) if !self.0.is_empty() => {
                fields.sort_by_cached_key(|name, _| self.0.get(name).map_or(usize::MAX, |(place, _)| *place));
                for (name, value) in fields.iter_mut() {
                    if let Some((_, below)) = self.0.get(name) {
                        below.arrange(value);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Variables;

    use super::*;
    use crate::graphql::cost;

    /// The answer to a query, in its order.
    fn restored(query: &str, operation: Option<&str>, answer: &str) -> String {
        let document = cost::read(query, &Variables::default()).unwrap();
        let mut data: Value = serde_json::from_str(answer).unwrap();
        restore(&mut data, &document, operation);
        data.to_string()
    }

    #[test]
    fn fields_are_in_the_order_of_their_first_selection() {
        let query = "query Other { b a } query Asked { \
                     z: tenant { name demo } ...Few ... on Query { b { y x } } a { plain } b { w } list { two one } } \
                     fragment Few on Query { c a { first } z: tenant { last } }";
        let answer = r#"{ "list": [{ "one": 1, "two": 2 }, null, { "one": 3, "two": 4 }], "b": { "w": 1, "x": 2, "y": 3 },
                          "a": { "plain": { "d": 1, "c": 2 }, "first": 1 }, "c": null,
                          "z": { "last": 1, "demo": true, "name": "main" } }"#;
        let expected = "{z: {name: \"main\", demo: true, last: 1}, c: null, a: {first: 1, plain: {d: 1, c: 2}}, \
                        b: {y: 3, x: 2, w: 1}, list: [{two: 2, one: 1}, null, {two: 4, one: 3}]}";
        assert_eq!(restored(query, Some("Asked"), answer), expected);
        assert_eq!(restored("{ b a }", None, r#"{ "a": 1, "b": 2 }"#), "{b: 2, a: 1}");
        assert_eq!(restored("query Only { b a }", None, r#"{ "a": 1, "b": 2 }"#), "{b: 2, a: 1}");
        assert_eq!(restored("{ b a }", None, "null"), "null");
    }
}
