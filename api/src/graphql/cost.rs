//! The cost of a GraphQL document, computed before anything walks the document as it is executed.
//!
//! A document of a kilobyte can expand to an unbounded number of fields, since each fragment may spread another one
//! twice. Here each fragment is visited once: its cost is the sum over its own fields and the costs of the fragments
//! that it spreads. Only a document below the limit goes on to validation, which walks spread fragments.

use std::collections::HashMap;
use std::convert::Infallible;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    Directive, ExecutableDocument, FragmentDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Value, Variables};

/// Fields, arguments and directives, as often as they are spread, of all operations and fragments together.
pub const ITEMS: u64 = 10_000;
/// How deep fields and fragments may nest, as far as they are looked at here.
const LEVELS: usize = 64;
/// How deep brackets may nest, in all that a document holds.
const BRACKETS: usize = 64;
/// How often lists of the schema's own types may nest: each multiplies the answer by what a type has.
const SCHEMA_LISTS: usize = 2;

/// Why a document is not validated, with what was found and what is allowed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not GraphQL.
    #[error("{0}")]
    Syntax(String),
    /// Brackets nest too deep.
    #[error("the query nests {0} brackets deep; at most {BRACKETS} are allowed")]
    Brackets(usize),
    /// It stands for too many fields.
    #[error(
        "the query costs {0} fields, arguments and directives, counted as often as fragments spread them; at most {ITEMS} are allowed"
    )]
    Items(u64),
    /// Fields and fragments nest too deep.
    #[error("the query nests more than {LEVELS} fields and fragments deep; at most {LEVELS} are allowed")]
    Levels,
    /// A fragment spreads itself.
    #[error("the fragment `{0}` spreads itself, by itself or through others; a fragment may not")]
    Cycle(Name),
    /// Introspection multiplies.
    #[error("introspection nests lists of types {0} deep; at most {SCHEMA_LISTS} are allowed")]
    SchemaLists(usize),
    /// A subscription that is several: each would take the place of one.
    #[error("the subscription has {0} fields at its root; expected one: subscribe once for each")]
    SubscriptionRoots(usize),
    /// A text that no database takes.
    #[error("a text holds the character U+0000, which no name and no id has")]
    Nul,
}

/// The value of an argument, with null for each variable. (Its type has no name here.)
macro_rules! constant {
    ($value:expr) => {
        $value.node.clone().into_const_with(|_| Ok::<_, Infallible>(Value::Null)).unwrap_or_default()
    };
}

/// Reads a document that may be validated and, if it is valid, executed.
pub fn read(query: &str, variables: &Variables) -> Result<ExecutableDocument, Refused> {
    let brackets = brackets(query);
    if brackets > BRACKETS {
        return Err(Refused::Brackets(brackets));
    }
    variables.values().try_for_each(refuse_nul)?;
    let document = parse_query(query).map_err(|error| Refused::Syntax(error.to_string()))?;
    check(&document)?;
    Ok(document)
}

/// How deep brackets nest, outside of strings and comments.
fn brackets(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' => rest = after_first(after, &[b"\n", b"\r"]),
            b'"' if after.starts_with(b"\"\"") => rest = after_block(after.get(2..).unwrap_or_default()),
            b'"' => rest = after_string(after),
            _ => {}
        }
    }
    deepest
}

/// What follows the first of these that is found.
fn after_first<'a>(text: &'a [u8], ends: &[&[u8]]) -> &'a [u8] {
    let at = |start: usize| text.get(start..).and_then(|rest| ends.iter().find_map(|end| rest.strip_prefix(*end)));
    (0..text.len()).find_map(at).unwrap_or_default()
}

fn after_string(mut text: &[u8]) -> &[u8] {
    while let Some((first, after)) = text.split_first() {
        text = match first {
            b'"' | b'\n' | b'\r' => return after,
            b'\\' => after.get(1..).unwrap_or_default(),
            _ => after,
        };
    }
    text
}

fn after_block(mut text: &[u8]) -> &[u8] {
    while let Some((_, after)) = text.split_first() {
        if let Some(rest) = text.strip_prefix(b"\"\"\"") {
            return rest;
        }
        text = text.strip_prefix(b"\\\"\"\"").unwrap_or(after);
    }
    text
}

/// What one fragment, or one selection of fields, adds up to.
#[derive(Clone, Copy, Default)]
struct Cost {
    items: u64,
    /// Fields and fragments from here down.
    levels: usize,
    /// Lists of the schema's own types from here down.
    schema_lists: usize,
}

impl Cost {
    fn beside(self, other: Self) -> Self {
        Self {
            items: self.items.saturating_add(other.items),
            levels: self.levels.max(other.levels),
            schema_lists: self.schema_lists.max(other.schema_lists),
        }
    }

    fn below(self, items: u64, schema_list: bool) -> Self {
        Self {
            items: self.items.saturating_add(items),
            levels: self.levels + 1,
            schema_lists: self.schema_lists + usize::from(schema_list),
        }
    }
}

struct Walk<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// The costs that are known; `None` while one is being found.
    known: HashMap<&'a Name, Option<Cost>>,
}

fn check(document: &ExecutableDocument) -> Result<(), Refused> {
    let mut walk = Walk { fragments: &document.fragments, known: HashMap::new() };
    let mut whole = Cost::default();
    for (_, operation) in document.operations.iter() {
        let own = directives(&operation.node.directives)?;
        for variable in &operation.node.variable_definitions {
            if let Some(default) = &variable.node.default_value {
                refuse_nul(&default.node)?;
            }
        }
        whole = whole.beside(walk.selections(&operation.node.selection_set.node, 0)?.below(own, false));
    }
    // validation looks at fragments that no operation spreads as well
    for name in document.fragments.keys() {
        whole = whole.beside(walk.fragment(name, 0)?);
    }
    if whole.items > ITEMS {
        return Err(Refused::Items(whole.items));
    }
    if whole.levels > LEVELS {
        return Err(Refused::Levels);
    }
    if whole.schema_lists > SCHEMA_LISTS {
        return Err(Refused::SchemaLists(whole.schema_lists));
    }
    for (_, operation) in document.operations.iter() {
        let roots = root_fields(&document.fragments, &operation.node.selection_set.node);
        if operation.node.ty == OperationType::Subscription && roots > 1 {
            return Err(Refused::SubscriptionRoots(roots));
        }
    }
    Ok(())
}

/// The number of fields that a selection has, as often as fragments spread them. How many these can be was looked at.
fn root_fields(fragments: &HashMap<Name, Positioned<FragmentDefinition>>, set: &SelectionSet) -> usize {
    let count = |selection: &Positioned<Selection>| match &selection.node {
        Selection::Field(_) => 1,
        Selection::InlineFragment(inline) => root_fields(fragments, &inline.node.selection_set.node),
        Selection::FragmentSpread(spread) => {
            let fragment = fragments.get(&spread.node.fragment_name.node);
            fragment.map_or(0, |fragment| root_fields(fragments, &fragment.node.selection_set.node))
        }
    };
    set.items.iter().map(count).sum()
}

impl<'a> Walk<'a> {
    fn selections(&mut self, set: &'a SelectionSet, level: usize) -> Result<Cost, Refused> {
        if level > LEVELS {
            return Err(Refused::Levels);
        }
        let mut whole = Cost::default();
        for selection in &set.items {
            let cost = match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let mut items = 1 + directives(&field.directives)?;
                    for (_, value) in &field.arguments {
                        items = items.saturating_add(size(&constant!(value))?);
                    }
                    let below = self.selections(&field.selection_set.node, level + 1)?;
                    below.below(items, is_schema_list(&field.name.node))
                }
                Selection::InlineFragment(inline) => {
                    let items = 1 + directives(&inline.node.directives)?;
                    self.selections(&inline.node.selection_set.node, level + 1)?.below(items, false)
                }
                Selection::FragmentSpread(spread) => {
                    let items = 1 + directives(&spread.node.directives)?;
                    self.fragment(&spread.node.fragment_name.node, level + 1)?.below(items, false)
                }
            };
            whole = whole.beside(cost);
        }
        Ok(whole)
    }

    /// The cost of a fragment, found once however often it is spread.
    fn fragment(&mut self, name: &Name, level: usize) -> Result<Cost, Refused> {
        // validation says of one that is not there that it is not
        let Some((name, fragment)) = self.fragments.get_key_value(name) else { return Ok(Cost::default()) };
        match self.known.get(name) {
            Some(Some(cost)) => return Ok(*cost),
            Some(None) => return Err(Refused::Cycle(name.clone())),
            None => {}
        }
        self.known.insert(name, None);
        let own = directives(&fragment.node.directives)?;
        let cost = self.selections(&fragment.node.selection_set.node, level)?.below(own, false);
        self.known.insert(name, Some(cost));
        Ok(cost)
    }
}

/// Fields of introspection that list what a type has.
fn is_schema_list(name: &str) -> bool {
    matches!(name, "fields" | "inputFields" | "interfaces" | "possibleTypes")
}

fn directives(directives: &[Positioned<Directive>]) -> Result<u64, Refused> {
    let mut items = 0_u64;
    for directive in directives {
        items = items.saturating_add(1);
        for (_, value) in &directive.node.arguments {
            items = items.saturating_add(size(&constant!(value))?);
        }
    }
    Ok(items)
}

/// How many values a value holds.
fn size(value: &Value) -> Result<u64, Refused> {
    refuse_nul(value)?;
    Ok(count(value))
}

fn count(value: &Value) -> u64 {
    match value {
        Value::List(values) => values.iter().map(count).fold(1, u64::saturating_add),
        Value::Object(fields) => fields.values().map(count).fold(1, u64::saturating_add),
        _ => 1,
    }
}

fn refuse_nul(value: &Value) -> Result<(), Refused> {
    let nul = match value {
        Value::String(text) => text.contains('\0'),
        Value::List(values) => return values.iter().try_for_each(refuse_nul),
        Value::Object(fields) => return fields.values().try_for_each(refuse_nul),
        _ => false,
    };
    if nul { Err(Refused::Nul) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(query: &str) -> Option<Refused> {
        read(query, &Variables::default()).err()
    }

    /// Fragments that each spread the next one as often as `times`.
    fn bomb(depth: usize, times: usize, start: &str) -> String {
        use std::fmt::Write;
        let mut query = start.to_owned();
        for nth in 0..depth {
            let spread = format!("...F{} ", nth + 1).repeat(times);
            write!(query, " fragment F{nth} on Query {{ {spread} }}").unwrap();
        }
        write!(query, " fragment F{depth} on Query {{ tenant {{ name }} }}").unwrap();
        query
    }

    #[test]
    fn fragments_that_double_are_counted_and_never_walked() {
        for (depth, times, start) in [(30, 2, "{ ...F0 }"), (60, 40, "{ ...F0 }"), (30, 2, "{ tenant { name } }")] {
            let refused = refused(&bomb(depth, times, start));
            assert!(matches!(refused, Some(Refused::Items(items)) if items > 1 << 30), "{refused:?}");
        }
        let message = refused(&bomb(12, 2, "{ ...F0 }")).unwrap().to_string();
        assert!(message.contains("at most 10000") && message.contains("the query costs "), "{message}");
        assert_eq!(refused(&bomb(8, 2, "{ ...F0 }")), None);
    }

    #[test]
    fn a_fragment_that_spreads_itself_is_named() {
        for query in [
            "{ ...A } fragment A on Query { ...A }",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        ] {
            assert!(matches!(refused(query), Some(Refused::Cycle(_))), "{query}");
        }
    }

    #[test]
    fn whatever_nests_is_bounded_before_it_is_read() {
        let deep = |open: &str, close: &str, times: usize| format!("{}{}", open.repeat(times), close.repeat(times));
        for query in [
            deep("{a", "}", 20_000),
            format!("{{ explain(id: {}) {{ a }} }}", deep("[", "]", 20_000)),
            format!("{{ explain(id: {}1{}) {{ a }} }}", "{a:".repeat(15_000), "}".repeat(15_000)),
            "[".repeat(60_000),
            "(".repeat(60_000),
            format!("query($a: {}Int{}) {{ a }}", "[".repeat(20_000), "]".repeat(20_000)),
        ] {
            assert!(matches!(refused(&query), Some(Refused::Brackets(_))), "{query:.60}");
        }
        let strings = format!("{{ explain(id: \"{0}\\\"{0}\") {{ a }} }} # {0}", "{".repeat(500));
        assert_eq!(refused(&strings), None, "what stands in a string or a comment nests nothing");
        let chain = bomb(70, 1, "{ ...F0 }");
        assert_eq!(refused(&chain), Some(Refused::Levels));
        assert!(matches!(refused("{ a(x: \"\"\""), Some(Refused::Syntax(_))));
    }

    #[test]
    fn directives_arguments_and_aliases_cost_as_well() {
        let directives = format!("{{ tenant {} {{ name }} }}", "@include(if: true) ".repeat(3_000));
        let spread =
            format!("{{ {} }} fragment F on Query {{ {} }}", "...F ".repeat(200), "tenant { name } ".repeat(100));
        let values = format!(
            "{{ {} }} fragment F on Query {{ explain(id: [{}]) {{ a }} }}",
            "...F ".repeat(10),
            "1,".repeat(2_000)
        );
        let inline = format!("{{ {} }} fragment F on Query {{ {} }}", "...F ".repeat(100), "... { a } ".repeat(100));
        for query in [format!("{directives}{directives}").replace("}{", "} query B {"), spread, values, inline] {
            let refused = refused(&query);
            assert!(matches!(refused, Some(Refused::Items(_) | Refused::Syntax(_))), "{query:.80} {refused:?}");
        }
    }

    #[test]
    fn a_subscription_is_one() {
        for query in [
            "subscription { lag { at } deployments { id } }",
            "subscription { a: lag { at } b: lag { at } }",
            "subscription { ...A ... on Subscription { lag { at } } } fragment A on Subscription { lag { at } }",
            "query Q { a b } subscription S { ...A ...A } fragment A on Subscription { lag { at } }",
        ] {
            assert_eq!(refused(query), Some(Refused::SubscriptionRoots(2)), "{query}");
        }
        assert_eq!(refused("subscription { ...A } fragment A on Subscription { lag { at } }"), None);
        assert_eq!(refused("{ a b }"), None);
    }

    #[test]
    fn introspection_is_allowed_as_tools_ask_it_and_no_deeper() {
        let deep = |times: usize| {
            format!(
                "{{ __schema {{ types {{ {} name {} }} }} }}",
                "fields { type { ".repeat(times),
                "} }".repeat(times)
            )
        };
        assert_eq!(refused(&deep(1)), None);
        assert_eq!(refused(&deep(2)), None);
        assert_eq!(refused(&deep(3)), Some(Refused::SchemaLists(3)));
    }

    #[test]
    fn no_text_holds_the_character_that_no_database_takes() {
        assert_eq!(refused("{ explain(id: \"a\\u0000\") { a } }"), Some(Refused::Nul));
        assert_eq!(refused("{ explain(id: [{a: [\"\\u0000\"]}]) { a } }"), Some(Refused::Nul));
        assert_eq!(refused("query($a: String = \"\\u0000\") { explain(id: $a) { a } }"), Some(Refused::Nul));
        let variables = Variables::from_json(serde_json::json!({ "a": [{ "b": "\u{0}" }] }));
        assert_eq!(read("{ a }", &variables).err(), Some(Refused::Nul));
    }
}
