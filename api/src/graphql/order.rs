//! The order of an answer's fields: that in which the document selects them, whichever was read first. (GraphQL's
//! specification of October 2021, 6.3.2 and 7.2.2.)

use std::collections::HashMap;
use std::convert::Infallible;

use async_graphql::parser::types::{
    Directive, ExecutableDocument, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Value, Variables};

/// What is selected of an object: its fields by their names in the answer, with their places and what is selected of
/// them.
#[derive(Default)]
struct Selected<'a>(HashMap<&'a Name, (usize, Selected<'a>)>);

/// What selections depend on.
struct Asked<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
}

/// Puts the fields of an answer to a document into the order of their first selection that is not skipped. Without an
/// operation's name the document has one operation.
pub(super) fn restore(data: &mut Value, document: &ExecutableDocument, operation: Option<&str>, variables: &Variables) {
    let mut operations = document.operations.iter();
    let asked = operations.find(|(name, _)| operation.is_none() || name.map(async_graphql::Name::as_str) == operation);
    if let Some((_, operation)) = asked {
        let asked = Asked { fragments: &document.fragments, operation: &operation.node, variables };
        let mut selected = Selected::default();
        selected.add(&operation.node.selection_set.node, &asked);
        selected.arrange(data);
    }
}

impl Asked<'_> {
    /// Whether a selection with these directives is left out: by `@skip(if: true)` or `@include(if: false)`.
    fn skips(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let is_left_out_if = match directive.node.name.node.as_str() {
                "skip" => true,
                "include" => false,
                _ => return false,
            };
            let value = directive.node.get_argument("if").map(|value| {
                let constant = value.node.clone().into_const_with(|name| Ok::<_, Infallible>(self.variable(&name)));
                constant.unwrap_or_default()
            });
            value == Some(Value::Boolean(is_left_out_if))
        })
    }

    /// The value of a variable; null of one that has none.
    fn variable(&self, name: &Name) -> Value {
        let default = || {
            let mut defined = self.operation.variable_definitions.iter().map(|defined| &defined.node);
            defined.find(|defined| defined.name.node == *name)?.default_value.as_ref().map(|value| value.node.clone())
        };
        self.variables.get(name).cloned().or_else(default).unwrap_or_default()
    }
}

impl<'a> Selected<'a> {
    /// Adds what a document selects that [`super::cost`] lets pass, so no fragment is in itself.
    fn add(&mut self, set: &'a SelectionSet, asked: &Asked<'a>) {
        for selection in &set.items {
            if asked.skips(selection.node.directives()) {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => {
                    let place = self.0.len();
                    let name = &field.node.response_key().node;
                    let (_, below) = self.0.entry(name).or_insert_with(|| (place, Self::default()));
                    below.add(&field.node.selection_set.node, asked);
                }
                Selection::InlineFragment(inline) => self.add(&inline.node.selection_set.node, asked),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = asked.fragments.get(&spread.node.fragment_name.node) {
                        self.add(&fragment.node.selection_set.node, asked);
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
    use super::*;
    use crate::graphql::cost;

    /// The answer to a query, in its order.
    fn restored(query: &str, operation: Option<&str>, answer: &str) -> String {
        restored_with(query, operation, answer, serde_json::Value::Null)
    }

    /// The answer to a query with variables, in its order.
    fn restored_with(query: &str, operation: Option<&str>, answer: &str, variables: serde_json::Value) -> String {
        let variables = Variables::from_json(variables);
        let document = cost::read(query, &variables).unwrap();
        let mut data: Value = serde_json::from_str(answer).unwrap();
        restore(&mut data, &document, operation, &variables);
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

    #[test]
    fn what_is_skipped_or_not_included_has_no_place() {
        let answer = r#"{ "a": { "name": 1, "demo": 2 }, "b": { "name": 3 } }"#;
        let (a_first, b_first) = ("{a: {name: 1, demo: 2}, b: {name: 3}}", "{b: {name: 3}, a: {name: 1, demo: 2}}");
        let rest = "b: tenant { name } a: tenant { name demo } }";
        for (first, expected) in [
            ("a: tenant @skip(if: true) { demo }", b_first),
            ("a: tenant @include(if: false) { demo }", b_first),
            ("a: tenant @skip(if: true) @include(if: true) { demo }", b_first),
            ("... @skip(if: true) { a: tenant { demo } }", b_first),
            ("...F @include(if: false)", b_first),
            ("a: tenant @skip(if: false) @include(if: true) { name }", a_first),
            ("... @include(if: true) { a: tenant { name } }", a_first),
            ("...F @skip(if: false)", a_first),
        ] {
            let query = format!("{{ {first} {rest} fragment F on Query {{ a: tenant {{ name }} }}");
            assert_eq!(restored(&query, None, answer), expected, "{first}");
        }
        let query = format!("query($off: Boolean = true) {{ a: tenant @skip(if: $off) {{ name }} {rest}");
        for (variables, expected) in
            [("{}", b_first), (r#"{ "off": true }"#, b_first), (r#"{ "off": false }"#, a_first)]
        {
            let variables_json = serde_json::from_str(variables).unwrap();
            assert_eq!(restored_with(&query, None, answer, variables_json), expected, "{variables}");
        }
    }
}
