//! Mutations for bodies of JSON. A changed byte mostly leaves no JSON, and then only the parser is tried: three of four
//! mutations change, remove, copy or add values instead.

use fastrand::Rng;
use libfuzzer_sys::fuzzer_mutate;
use serde_json::{Value, json};

use crate::input::split;

/// Mutates an input in place and returns its new size, as libFuzzer asks for it.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = Rng::with_seed(seed.into());
    let changed = if random.u8(..4) == 0 { None } else { with_other_values(&data[..size], &mut random) };
    match changed.filter(|changed| changed.len() <= max_size) {
        Some(changed) => {
            data[..changed.len()].copy_from_slice(&changed);
            changed.len()
        }
        None => fuzzer_mutate(data, size, max_size),
    }
}

fn with_other_values(input: &[u8], random: &mut Rng) -> Option<Vec<u8>> {
    let (_, body) = split(input);
    let mut document: Value = serde_json::from_slice(body).ok()?;
    for _ in 0..=random.usize(..3) {
        change(&mut document, random);
    }
    let mut changed = input[..input.len() - body.len()].to_vec();
    serde_json::to_writer(&mut changed, &document).ok()?;
    Some(changed)
}

fn change(document: &mut Value, random: &mut Rng) {
    let values = count(document);
    let Some(other) = nth(document, &mut random.usize(..values)).cloned() else { return };
    let Some(value) = nth(document, &mut random.usize(..values)) else { return };
    match random.u8(..6) {
        0 => *value = odd(random),
        1 => *value = other,
        2 => remove(value, random),
        3 => add(value, other, random),
        _ => vary(value, random),
    }
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// The value that comes after `left` others, from the outside in.
fn nth<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, left)),
        Value::Object(fields) => fields.values_mut().find_map(|field| nth(field, left)),
        _ => None,
    }
}

fn remove(value: &mut Value, random: &mut Rng) {
    match value {
        Value::Array(items) if !items.is_empty() => drop(items.remove(random.usize(..items.len()))),
        Value::Object(fields) if !fields.is_empty() => {
            if let Some(name) = fields.keys().nth(random.usize(..fields.len())).cloned() {
                fields.remove(&name);
            }
        }
        _ => *value = Value::Null,
    }
}

fn add(value: &mut Value, other: Value, random: &mut Rng) {
    match value {
        Value::Array(items) => items.insert(random.usize(..=items.len()), other),
        Value::Object(fields) => {
            let name = other.as_str().map_or_else(|| "id".to_owned(), str::to_owned);
            fields.insert(name, odd(random));
        }
        _ => *value = json!([value, other]),
    }
}

/// Another value of the same type.
fn vary(value: &mut Value, random: &mut Rng) {
    match value {
        Value::String(text) => *text = other_text(text),
        Value::Bool(is_so) => *is_so = !*is_so,
        Value::Number(number) => {
            let by = random.i64(-1000..1000);
            *value = number.as_i64().map_or_else(|| json!(random.f64() * 1e6), |number| json!(number.wrapping_add(by)));
        }
        _ => *value = odd(random),
    }
}

/// A text that libFuzzer mutated: it knows what was compared with what.
fn other_text(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let room = bytes.len() + 16;
    bytes.resize(room, 0);
    let size = fuzzer_mutate(&mut bytes, text.len(), room);
    String::from_utf8_lossy(&bytes[..size]).into_owned()
}

/// A value that is rarely where it is expected.
fn odd(random: &mut Rng) -> Value {
    let numbers = [json!(0), json!(-1), json!(1e308), json!(-0.0), json!(i64::MIN), json!(i64::MAX), json!(u64::MAX)];
    let texts = [
        "",
        " ",
        "\0",
        "/",
        "NaN",
        "1e999",
        "main",
        "refs/tags/v1.0.0",
        "0000000000000000000000000000000000000000",
        "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "https://git.example.org/shop/checkout/-/job/7/",
        "0001-01-01T00:00:00Z",
        "+262142-12-31T23:59:59.999999999Z",
        "-262143-01-01T00:00:00Z",
        "9999-12-31T23:59:60+14:00",
        "2026-02-03T10:00:00.123456789-11:30",
        "2026-02-03 10:00:00 UTC",
    ];
    match random.u8(..5) {
        0 => [Value::Null, json!(true), json!([]), json!({}), json!([[null]])][random.usize(..5)].clone(),
        1 => numbers[random.usize(..numbers.len())].clone(),
        2 => json!("é\u{1f600}".repeat(random.usize(1..1000))),
        _ => json!(texts[random.usize(..texts.len())]),
    }
}
