//! Makes SQL of queries in MBQL 5: of those of native queries with their parameters, and of those that are built from
//! tables and cards, as far as tests need them.

use serde_json::Value;

use super::native::{self, Given, quoted};
use super::state::{Object, State};

/// The statement of a query.
pub(super) fn statement(state: &State, query: &Value, parameters: &[Value]) -> Result<String, String> {
    let mut source: Option<String> = None;
    for stage in query["stages"].as_array().ok_or("Invalid query: no stages")? {
        let statement = match stage["native"].as_str() {
            Some(text) => {
                let none = Object::new();
                let tags = stage["template-tags"].as_object().unwrap_or(&none);
                native::statement(text, &Given { tags, parameters, card: &|id| of_card(state, id) })?
            }
            None => Stage { state, stage }.statement(source.take())?,
        };
        source = Some(statement);
    }
    source.ok_or_else(|| "Invalid query: no stages".to_owned())
}

fn of_card(state: &State, id: i64) -> Result<String, String> {
    let card = state.cards.get(&id).ok_or_else(|| format!("Card {id} does not exist."))?;
    statement(state, &card["dataset_query"], &[])
}

struct Stage<'a> {
    state: &'a State,
    stage: &'a Value,
}

impl Stage<'_> {
    fn statement(&self, source: Option<String>) -> Result<String, String> {
        let from = self.from(source)?;
        if !self.stage["joins"].is_null() {
            return Err("this server does not know joins".to_owned());
        }
        let breakouts = self.list("breakout", |clause| self.expression(clause))?;
        let aggregations = self.list("aggregation", |clause| self.expression(clause))?;
        let named = |expressions: &[String], clauses: &Value| -> Vec<String> {
            let clauses = clauses.as_array().into_iter().flatten();
            let named = expressions.iter().zip(clauses);
            named.map(|(expression, clause)| format!("{expression} as {}", name(&self.name_of(clause)))).collect()
        };
        let mut columns = named(&breakouts, &self.stage["breakout"]);
        columns.extend(named(&aggregations, &self.stage["aggregation"]));
        if columns.is_empty() {
            let fields = self.list("fields", |clause| self.expression(clause))?;
            columns = if fields.is_empty() { vec!["*".to_owned()] } else { named(&fields, &self.stage["fields"]) };
        }
        let mut statement = format!("select {} from {from}", columns.join(", "));
        let conditions = self.list("filters", |clause| self.expression(clause))?;
        if !conditions.is_empty() {
            statement += &format!(" where {}", conditions.join(" and "));
        }
        if !breakouts.is_empty() {
            statement += &format!(" group by {}", breakouts.join(", "));
        }
        let orders = self.list("order-by", |clause| self.order(clause))?;
        let orders = if orders.is_empty() { breakouts } else { orders };
        if !orders.is_empty() {
            statement += &format!(" order by {}", orders.join(", "));
        }
        if let Some(limit) = self.stage["limit"].as_i64() {
            statement += &format!(" limit {limit}");
        }
        Ok(statement)
    }

    fn from(&self, source: Option<String>) -> Result<String, String> {
        if let Some(source) = source {
            return Ok(format!("({source}) \"source\""));
        }
        if let Some(card) = self.stage["source-card"].as_i64() {
            return Ok(format!("({}) \"source\"", of_card(self.state, card)?));
        }
        let id = self.stage["source-table"].as_i64().ok_or("Invalid query: no source")?;
        let table = self.state.tables.get(&id).ok_or_else(|| format!("Table {id} does not exist."))?;
        let text = |field: &str| name(table[field].as_str().unwrap());
        Ok(format!("{}.{}", text("schema"), text("name")))
    }

    fn list(&self, part: &str, make: impl Fn(&Value) -> Result<String, String>) -> Result<Vec<String>, String> {
        self.stage[part].as_array().into_iter().flatten().map(make).collect()
    }

    fn order(&self, clause: &Value) -> Result<String, String> {
        let direction = if clause[0] == "desc" { "desc" } else { "asc" };
        Ok(format!("{} {direction}", self.expression(&clause[2])?))
    }

    /// The name of a column of the result.
    fn name_of(&self, clause: &Value) -> String {
        let given = clause[1]["name"].as_str().map(str::to_owned);
        given.unwrap_or_else(|| match clause[0].as_str() {
            Some("field") => self.column(&clause[2]).unwrap_or_default(),
            Some("expression") => clause[2].as_str().unwrap_or_default().to_owned(),
            Some("distinct" | "count-where") => "count".to_owned(),
            Some("sum-where") => "sum".to_owned(),
            Some("metric") => "metric".to_owned(),
            Some(operator @ ("count" | "sum" | "avg" | "min" | "max" | "median" | "percentile" | "stddev")) => {
                operator.to_owned()
            }
            _ => "expression".to_owned(),
        })
    }

    fn column(&self, id: &Value) -> Result<String, String> {
        if let Some(name) = id.as_str() {
            return Ok(name.to_owned());
        }
        let field = id.as_i64().and_then(|id| self.state.fields.get(&id));
        let field = field.ok_or_else(|| format!("Field {id} does not exist."))?;
        Ok(field["name"].as_str().unwrap().to_owned())
    }

    fn expression(&self, clause: &Value) -> Result<String, String> {
        let Some(parts) = clause.as_array() else { return literal(clause) };
        let operator = parts.first().and_then(Value::as_str).ok_or_else(|| format!("{clause} is not a clause"))?;
        match operator {
            "field" => return Ok(bucket(&name(&self.column(&parts[2])?), &parts[1]["temporal-unit"])),
            "expression" => return self.named_expression(&parts[2]),
            "aggregation" => return self.aggregation(&parts[2]),
            "metric" => return self.metric(&parts[2]),
            "time-interval" => return self.interval(parts),
            "case" => return self.case(parts),
            _ => {}
        }
        let operands: Vec<String> =
            parts[2..].iter().map(|part| self.expression(part)).collect::<Result<_, String>>()?;
        applied(operator, &operands).ok_or_else(|| format!("this server does not know `{operator}` of {operands:?}"))
    }

    fn named_expression(&self, wanted: &Value) -> Result<String, String> {
        let found = self.stage["expressions"].as_array().into_iter().flatten();
        let found = found.into_iter().find(|clause| clause[1]["lib/expression-name"] == *wanted);
        self.expression(found.ok_or_else(|| format!("there is no expression {wanted}"))?)
    }

    /// An aggregation that another clause names by its number or UUID.
    fn aggregation(&self, wanted: &Value) -> Result<String, String> {
        let all = self.stage["aggregation"].as_array().ok_or("there are no aggregations")?;
        let found =
            all.iter().enumerate().find(|(index, clause)| *wanted == *index || clause[1]["lib/uuid"] == *wanted);
        self.expression(found.ok_or_else(|| format!("there is no aggregation {wanted}"))?.1)
    }

    fn metric(&self, id: &Value) -> Result<String, String> {
        let card = id.as_i64().and_then(|id| self.state.cards.get(&id)).filter(|card| card["type"] == "metric");
        let card = card.ok_or_else(|| format!("there is no metric {id}"))?;
        let stage = &card["dataset_query"]["stages"][0];
        Stage { state: self.state, stage }.expression(&stage["aggregation"][0])
    }

    /// `["time-interval", options, field, -30, "day"]`: whole units before this one.
    fn interval(&self, parts: &[Value]) -> Result<String, String> {
        let field = self.expression(&parts[2])?;
        let unit = parts[4].as_str().ok_or("time-interval without a unit")?;
        let start = format!("date_trunc('{unit}', now())");
        let count = parts[3].as_i64().unwrap_or(0);
        let (from, to) = match count {
            0 => (0, 1),
            _ if count < 0 => (count, i64::from(parts[1]["include-current"] == true)),
            _ => (i64::from(parts[1]["include-current"] != true), count + 1),
        };
        let at = |count: i64| format!("{start} + interval '{count} {unit}'");
        Ok(format!("({field} >= {} and {field} < {})", at(from), at(to)))
    }

    fn case(&self, parts: &[Value]) -> Result<String, String> {
        let mut text = "case".to_owned();
        for pair in parts[2].as_array().ok_or("case without pairs")? {
            text += &format!(" when {} then {}", self.expression(&pair[0])?, self.expression(&pair[1])?);
        }
        if let Some(default) = parts.get(3) {
            text += &format!(" else {}", self.expression(default)?);
        }
        Ok(format!("({text} end)"))
    }
}

fn applied(operator: &str, operands: &[String]) -> Option<String> {
    let joined = |by: &str| format!("({})", operands.join(by));
    Some(match (operator, operands) {
        ("count", []) => "count(*)".to_owned(),
        ("count" | "sum" | "avg" | "min" | "max" | "stddev" | "abs" | "floor" | "ceil" | "round", [of]) => {
            format!("{}({of})", if operator == "stddev" { "stddev_pop" } else { operator })
        }
        ("distinct", [of]) => format!("count(distinct {of})"),
        ("median", [of]) => format!("percentile_cont(0.5) within group (order by {of})"),
        ("percentile", [of, at]) => format!("percentile_cont({at}) within group (order by {of})"),
        ("count-where", [condition]) => format!("count(*) filter (where {condition})"),
        ("sum-where", [of, condition]) => format!("sum({of}) filter (where {condition})"),
        ("share", [condition]) => format!("(count(*) filter (where {condition})::float8 / nullif(count(*), 0))"),
        ("+" | "-" | "*" | "and" | "or", [_, ..]) => joined(&format!(" {operator} ")),
        ("/", [of, by]) => format!("({of}::float8 / nullif({by}, 0))"),
        ("not", [condition]) => format!("(not {condition})"),
        ("=", [of, value]) => format!("{of} = {value}"),
        ("=", [of, values @ ..]) => format!("{of} in ({})", values.join(", ")),
        ("!=", [of, value]) => format!("({of} <> {value} or {of} is null)"),
        ("<" | ">" | "<=" | ">=", [of, value]) => format!("{of} {operator} {value}"),
        ("between", [of, from, to]) => format!("{of} between {from} and {to}"),
        ("is-null", [of]) => format!("{of} is null"),
        ("not-null", [of]) => format!("{of} is not null"),
        ("coalesce", [_, ..]) => format!("coalesce{}", joined(", ")),
        ("concat", [_, ..]) => joined(" || "),
        _ => return None,
    })
}

fn literal(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(quoted(text)),
        Value::Number(_) | Value::Bool(_) | Value::Null => Ok(value.to_string()),
        other => Err(format!("{other} is not a value")),
    }
}

/// A time in units; weeks begin on Sunday, as Metabase's do by default.
fn bucket(column: &str, unit: &Value) -> String {
    match unit.as_str() {
        None | Some("default") => column.to_owned(),
        Some("week") => format!("(date_trunc('week', {column} + interval '1 day') - interval '1 day')"),
        Some(unit) => format!("date_trunc('{unit}', {column})"),
    }
}

fn name(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// The table that a query begins with.
pub(super) fn table(query: &Value) -> Value {
    let stage = &query["stages"][0];
    stage.get("source-table").cloned().unwrap_or(Value::Null)
}
