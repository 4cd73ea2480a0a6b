//! Reads questions from query strings. Each parameter is taken by its field's name, also those of structs within the
//! question; one that is unknown, given twice, without a value or not what it may be is refused by its name.

use std::collections::BTreeMap;
use std::fmt::Display;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::Invalid;
use crate::problem::Problem;

/// What a request asks, as its query string has it. `tenant` was taken before.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Ok(Self(read(parts.uri.query().unwrap_or_default())?))
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Invalid> {
    let mut given = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
        if value.is_empty() {
            return Err(Invalid::value(name, value, "a value; leave the parameter out to ask without it"));
        }
        if let Some(first) = given.insert(name.clone(), value.clone()) {
            return Err(Invalid::value(name, format!("{first}, {value}"), "it once"));
        }
    }
    given.remove("tenant");
    let mut reader = Reader { given, known: vec!["tenant"] };
    let asked = T::deserialize(Fields(&mut reader)).map_err(|Refused(invalid)| *invalid)?;
    match reader.given.pop_first() {
        None => Ok(asked),
        Some((name, value)) => {
            Err(Invalid::value(name, value, format!("one of the parameters {}", reader.known.join(", "))))
        }
    }
}

struct Reader {
    given: BTreeMap<String, String>,
    known: Vec<&'static str>,
}

/// Boxed, since each function of a deserializer returns it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Refused(Box<Invalid>);

impl Refused {
    fn new(parameter: &str, found: &str, expected: impl Into<String>) -> Self {
        Self(Box::new(Invalid::value(parameter, found, expected)))
    }

    fn expected(expected: impl Into<String>) -> Self {
        Self::new("", "", expected)
    }

    /// The same about a parameter, unless it names one: what reads a single value does not know whose it is.
    fn about(self, parameter: &str, found: &str) -> Self {
        if self.0.parameter.is_empty() { Self::new(parameter, found, self.0.expected) } else { self }
    }
}

impl de::Error for Refused {
    fn custom<T: Display>(message: T) -> Self {
        Self::expected(message.to_string())
    }

    fn invalid_type(_found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(expected)
    }

    fn invalid_value(_found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(expected)
    }

    fn unknown_variant(_variant: &str, expected: &'static [&'static str]) -> Self {
        let words: Vec<String> = expected.iter().map(|word| format!("`{word}`")).collect();
        let expected = match words.split_last() {
            Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
            _ => words.concat(),
        };
        Self::custom(expected)
    }
}

/// The whole query string, as a struct or as several.
struct Fields<'r>(&'r mut Reader);

impl<'de> de::Deserializer<'de> for Fields<'_> {
    type Error = Refused;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_map(Each { reader: self.0, fields: fields.iter(), field: "" })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_seq(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple_struct map enum identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for Fields<'_> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refused> {
        seed.deserialize(Fields(&mut *self.0)).map(Some)
    }
}

/// The fields of a struct, one after the other.
struct Each<'r> {
    reader: &'r mut Reader,
    fields: std::slice::Iter<'static, &'static str>,
    field: &'static str,
}

impl<'de> MapAccess<'de> for Each<'_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        let Some(field) = self.fields.next() else { return Ok(None) };
        self.field = field;
        let name: StrDeserializer<'static, Refused> = field.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        let found = self.reader.given.get(self.field).cloned().unwrap_or_default();
        let read = seed.deserialize(Field { reader: &mut *self.reader, name: self.field });
        read.map_err(|refused| refused.about(self.field, &found))
    }
}

/// A parameter that may have been given.
struct Field<'r> {
    reader: &'r mut Reader,
    name: &'static str,
}

impl Field<'_> {
    fn take(&mut self) -> Option<String> {
        self.reader.known.push(self.name);
        self.reader.given.remove(self.name)
    }

    fn text(mut self) -> Result<String, Refused> {
        self.take().ok_or_else(|| Refused::expected("a value"))
    }
}

/// Reads whole numbers of a type, within its range.
macro_rules! whole_numbers {
    ($($deserialize:ident, $number:ty, $visit:ident;)+) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            let range = || format!("a whole number from {} to {}", <$number>::MIN, <$number>::MAX);
            let number = self.text()?.parse::<$number>().map_err(|_| Refused::expected(range()))?;
            visitor.$visit(number)
        }
    )+};
}

impl<'de> de::Deserializer<'de> for Field<'_> {
    type Error = Refused;

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        if self.reader.given.contains_key(self.name) {
            return visitor.visit_some(self);
        }
        self.reader.known.push(self.name);
        visitor.visit_none()
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        Fields(self.reader).deserialize_struct(name, fields, visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let value = self.text()?.parse::<bool>().map_err(|_| Refused::expected("`true` or `false`"))?;
        visitor.visit_bool(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let text = self.text()?;
        let word: StrDeserializer<'_, Refused> = text.as_str().into_deserializer();
        visitor.visit_enum(word)
    }

    whole_numbers! {
        deserialize_i8, i8, visit_i8;
        deserialize_i16, i16, visit_i16;
        deserialize_i32, i32, visit_i32;
        deserialize_i64, i64, visit_i64;
        deserialize_u8, u8, visit_u8;
        deserialize_u16, u16, visit_u16;
        deserialize_u32, u32, visit_u32;
        deserialize_u64, u64, visit_u64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_string(self.text()?)
    }

    forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq tuple tuple_struct map identifier
        ignored_any
    }
}

#[cfg(test)]
mod tests {

    use serde::Deserialize;

    use super::super::{DeploymentsQuestion, EventsQuestion, MetricQuestion, Page};
    use super::*;

    fn refused<T: DeserializeOwned>(query: &str) -> (String, String, String) {
        let invalid = read::<T>(query).err().unwrap_or_else(|| panic!("{query} was read"));
        (invalid.parameter, invalid.found, invalid.expected)
    }

    #[test]
    fn parameters_are_read_by_the_names_of_fields_of_all_structs() {
        let asked = "service=shop&failed=true&window=30d&limit=7&tenant=demo&time_zone=UTC";
        let (question, page): (DeploymentsQuestion, Page) = read(asked).unwrap();
        assert_eq!((question.services.service.as_deref(), question.columns.failed), (Some("shop"), Some(true)));
        assert_eq!(question.span.window.map(|window| window.as_str().to_owned()).as_deref(), Some("30d"));
        assert_eq!(page.limit.map(|limit| limit.as_str().to_owned()).as_deref(), Some("7"));
        assert_eq!(read::<MetricQuestion>("by=author_team").unwrap().question.by, Some(dora::Slice::AuthorTeam));
        assert!(read::<()>("tenant=demo").is_ok());
    }

    #[test]
    fn a_parameter_that_is_unknown_given_twice_or_empty_is_named() {
        let (name, found, expected) = refused::<Page>("servcie=shop");
        assert_eq!((name.as_str(), found.as_str()), ("servcie", "shop"));
        assert_eq!(expected, "one of the parameters tenant, limit, cursor");
        assert_eq!(refused::<Page>("limit=1&limit=2").1, "1, 2");
        assert_eq!(refused::<Page>("cursor=").0, "cursor");
        assert_eq!(refused::<EventsQuestion>("").0, "fact");
        assert_eq!(refused::<()>("limit=1").0, "limit");
    }

    #[test]
    fn a_word_that_is_not_in_its_list_is_answered_with_the_list() {
        let (name, found, expected) = refused::<MetricQuestion>("interval=fortnight");
        assert_eq!((name.as_str(), found.as_str()), ("interval", "fortnight"));
        assert_eq!(expected, "`day`, `week`, `month`, `quarter` or `year`");
        let (name, found, expected) = refused::<DeploymentsQuestion>("failed=perhaps");
        assert_eq!((name.as_str(), found.as_str(), expected.as_str()), ("failed", "perhaps", "`true` or `false`"));
    }

    #[test]
    fn a_whole_number_is_read_within_the_range_of_its_type_and_another_value_names_its_parameter() {
        #[derive(Debug, PartialEq, Eq, Deserialize)]
        struct Numbers {
            least: Option<u64>,
            shift: Option<i32>,
        }
        let numbers = read::<Numbers>("least=18446744073709551615&shift=-7").unwrap();
        assert_eq!(numbers, Numbers { least: Some(u64::MAX), shift: Some(-7) });
        assert_eq!(read::<Numbers>("").unwrap(), Numbers { least: None, shift: None });
        for (query, parameter, expected) in [
            ("least=-1", "least", "a whole number from 0 to 18446744073709551615"),
            ("least=1.5", "least", "a whole number from 0 to 18446744073709551615"),
            ("shift=ten", "shift", "a whole number from -2147483648 to 2147483647"),
        ] {
            let found = query.split_once('=').unwrap().1.to_owned();
            assert_eq!(refused::<Numbers>(query), (parameter.to_owned(), found, expected.to_owned()));
        }
    }
}
