//! What a struct and its attributes declare, read from its tokens. Refuses what the store has no statement for.

use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, ExprPath, Fields, Ident, Lit, LitStr, Meta, Result, Token, Type,
};

/// Which of the values that versions of a fact had stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    Newest,
    Earliest,
    Latest,
}

/// What a field holds if it is not given, by serde's attribute `default`.
pub enum DefaultValue {
    /// The default of its type.
    OfType,
    /// What this function returns.
    Returned(ExprPath),
}

/// A field that is a column.
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute that is there or not")]
pub struct Field {
    pub ident: Ident,
    pub ty: Type,
    pub keep: Keep,
    pub moves: bool,
    pub with: Option<Ident>,
    /// How its texts are written, if not as its type has it.
    pub form: Option<Ident>,
    pub filled: bool,
    /// What it holds if it is not given; a field without it is required.
    pub default: Option<DefaultValue>,
    /// Whether JSON may leave it out.
    skipped: bool,
    /// Whether JSON has it even with its default.
    written: bool,
}

/// A kind of fact.
pub struct Declaration {
    pub ident: Ident,
    /// In snake case: the name of its table, and of the kind in JSON.
    pub name: String,
    pub description: String,
    pub fields: Vec<Field>,
    /// Columns beside the fields, and the methods that have their values.
    pub kept: Vec<(Ident, Ident)>,
    /// Positions of the fields of the key.
    pub key: Vec<usize>,
    pub order: Vec<usize>,
    pub happened_at: Option<String>,
    pub traced: bool,
    pub exported: bool,
    pub example: String,
}

/// What `#[fact(…)]` on a struct holds.
#[derive(Default)]
struct Attributes {
    key: Vec<Ident>,
    order: Vec<Ident>,
    happened_at: Option<Ident>,
    kept: Vec<(Ident, Ident)>,
    traced: bool,
    not_exported: bool,
    example: Option<LitStr>,
}

impl Declaration {
    pub fn read(input: &DeriveInput) -> Result<Self> {
        let attributes = Attributes::read(&input.attrs)?;
        let fields = fields(input)?;
        let position = |name: &Ident| {
            let found = fields.iter().position(|field| field.ident == *name);
            found.ok_or_else(|| Error::new(name.span(), format!("`{name}` is not a field of `{}`", input.ident)))
        };
        let id = Ident::new("id", input.ident.span());
        let key = if attributes.key.is_empty() { vec![id] } else { attributes.key };
        let order = if attributes.order.is_empty() { key.clone() } else { attributes.order };
        let keeps = !attributes.kept.is_empty() || fields.iter().any(|field| field.keep != Keep::Newest);
        if keeps && key.len() > 1 {
            return Err(Error::new(input.ident.span(), "times are kept for facts whose key is one field only"));
        }
        attributes.happened_at.iter().try_for_each(|name| position(name).map(drop))?;
        let example = attributes.example.ok_or_else(|| {
            Error::new(input.ident.span(), "a kind of fact has an example: `#[fact(example = \"{ … }\")]`")
        })?;
        Ok(Self {
            ident: input.ident.clone(),
            name: snake_case(&input.ident.to_string()),
            description: documentation(&input.attrs),
            kept: attributes.kept,
            key: key.iter().map(position).collect::<Result<_>>()?,
            order: order.iter().map(position).collect::<Result<_>>()?,
            happened_at: attributes.happened_at.map(|name| name.to_string()),
            traced: attributes.traced,
            exported: !attributes.not_exported,
            example: example.value(),
            fields,
        })
    }
}

impl Attributes {
    fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut read = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("fact")) {
            attribute.parse_nested_meta(|meta| read.add(&meta))?;
        }
        Ok(read)
    }

    fn add(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        if meta.path.is_ident("key") {
            self.key = names(meta)?;
        } else if meta.path.is_ident("order") {
            self.order = names(meta)?;
        } else if meta.path.is_ident("happened_at") {
            self.happened_at = names(meta)?.pop();
        } else if meta.path.is_ident("kept") {
            meta.parse_nested_meta(|kept| {
                let column = kept.path.require_ident()?.clone();
                self.kept.push((column, kept.value()?.parse()?));
                Ok(())
            })?;
        } else if meta.path.is_ident("traced") {
            self.traced = true;
        } else if meta.path.is_ident("not_exported") {
            self.not_exported = true;
        } else if meta.path.is_ident("example") {
            self.example = Some(meta.value()?.parse()?);
        } else {
            let expected = "expected `key`, `order`, `happened_at`, `kept`, `traced`, `not_exported` or `example`";
            return Err(meta.error(expected));
        }
        Ok(())
    }
}

/// The fields that are columns: all but `version`.
fn fields(input: &DeriveInput) -> Result<Vec<Field>> {
    let named = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(named) => &named.named,
            Fields::Unnamed(_) | Fields::Unit => return Err(Error::new(input.span(), "expected fields with names")),
        },
        Data::Enum(_) | Data::Union(_) => return Err(Error::new(input.span(), "expected a struct")),
    };
    let mut fields = Vec::new();
    let mut has_version = false;
    for field in named {
        let Some(ident) = field.ident.clone() else { continue };
        if ident == "version" {
            has_version = true;
            continue;
        }
        let mut read = Field {
            ident,
            ty: field.ty.clone(),
            keep: Keep::Newest,
            moves: false,
            with: None,
            form: None,
            filled: false,
            default: None,
            skipped: false,
            written: false,
        };
        for attribute in &field.attrs {
            if attribute.path().is_ident("fact") {
                attribute.parse_nested_meta(|meta| read.add(&meta))?;
            } else if attribute.path().is_ident("serde") {
                attribute.parse_nested_meta(|meta| read.add_of_serde(&meta))?;
            }
        }
        read.check()?;
        fields.push(read);
    }
    if has_version { Ok(fields) } else { Err(Error::new(input.ident.span(), "a fact has a field `version`")) }
}

impl Field {
    fn add(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        if meta.path.is_ident("earliest") {
            self.keep = Keep::Earliest;
        } else if meta.path.is_ident("latest") {
            self.keep = Keep::Latest;
        } else if meta.path.is_ident("moves") {
            self.moves = true;
        } else if meta.path.is_ident("with") {
            self.with = Some(meta.value()?.parse()?);
        } else if meta.path.is_ident("form") {
            self.form = Some(meta.value()?.parse()?);
        } else if meta.path.is_ident("filled") {
            self.filled = true;
        } else if meta.path.is_ident("written") {
            self.written = true;
        } else {
            return Err(meta.error("expected `earliest`, `latest`, `moves`, `with`, `form`, `filled` or `written`"));
        }
        Ok(())
    }

    /// Refuses a field that changes the JSON, and so the digest, of facts that have no value for it.
    fn check(&self) -> Result<()> {
        let is_required = self.default.is_none() && !may_be_empty(&self.ty);
        if is_required || self.written || (self.skipped && self.default.is_some()) {
            return Ok(());
        }
        let Self { ident, .. } = self;
        let expected = "`#[serde(default, skip_serializing_if = \"…\")]`, so that facts without a value for it keep \
                        their JSON and their digest";
        Err(Error::new(ident.span(), format!("`{ident}` is optional; expected {expected}")))
    }

    /// Of serde's attributes only `default` and `skip_serializing_if` matter.
    fn add_of_serde(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let has_value = meta.input.peek(Token![=]);
        self.skipped |= meta.path.is_ident("skip_serializing_if");
        match (meta.path.is_ident("default"), has_value) {
            (true, true) => self.default = Some(DefaultValue::Returned(meta.value()?.parse::<LitStr>()?.parse()?)),
            (true, false) => self.default = Some(DefaultValue::OfType),
            (false, true) => drop(meta.value()?.parse::<Expr>()?),
            (false, false) => {}
        }
        Ok(())
    }
}

/// Whether a type is an `Option` or a `Vec`, by its name.
fn may_be_empty(ty: &Type) -> bool {
    let Type::Path(named) = ty else { return false };
    named.path.segments.last().is_some_and(|last| last.ident == "Option" || last.ident == "Vec")
}

/// The names in the parentheses of an attribute.
fn names(meta: &ParseNestedMeta<'_>) -> Result<Vec<Ident>> {
    let mut names = Vec::new();
    meta.parse_nested_meta(|name| {
        names.push(name.path.require_ident()?.clone());
        Ok(())
    })?;
    Ok(names)
}

/// The text of the doc comments, a space between lines.
fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(named) if named.path.is_ident("doc") => match &named.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ")
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Declaration::read(&syn::parse_str(text).unwrap()).err().unwrap().to_string()
    }

    #[test]
    fn what_is_declared_wrongly_is_refused_with_what_was_expected() {
        for (text, expected) in [
            ("struct A { id: String, version: V }", "a kind of fact has an example"),
            ("#[fact(example = \"\")] struct A { id: String }", "a fact has a field `version`"),
            ("#[fact(example = \"\")] struct A { name: String, version: V }", "`id` is not a field of `A`"),
            ("#[fact(example = \"\", key(b))] struct A { id: String, version: V }", "`b` is not a field of `A`"),
            ("#[fact(example = \"\", color)] struct A { id: String, version: V }", "expected `key`, `order`"),
            ("#[fact(example = \"\")] struct A { #[fact(last)] id: String, version: V }", "expected `earliest`"),
            (
                "#[fact(example = \"\", key(a, b))] struct A { a: String, #[fact(latest)] b: T, version: V }",
                "times are kept for facts whose key is one field only",
            ),
            ("#[fact(example = \"\")] enum A { B }", "expected a struct"),
        ] {
            let found = problem(text);
            assert!(found.starts_with(expected), "{text}: {found}");
        }
    }

    #[test]
    fn an_optional_field_that_would_change_the_digest_of_every_fact_is_refused() {
        let kind = |field: &str| format!("#[fact(example = \"\")] struct A {{ id: String, {field}, version: V }}");
        for field in [
            "region: Option<String>",
            "#[serde(default)] region: Option<String>",
            "#[serde(skip_serializing_if = \"Option::is_none\")] region: std::option::Option<String>",
            "#[serde(default)] regions: Vec<String>",
            "#[serde(default)] remote: bool",
            "#[serde(default = \"first\")] attempt: i64",
        ] {
            let found = problem(&kind(field));
            assert!(found.contains("is optional; expected `#[serde(default, skip_serializing_if"), "{field}: {found}");
        }
        for field in [
            "region: String",
            "#[serde(default, skip_serializing_if = \"Option::is_none\")] region: Option<String>",
            "#[serde(default, skip_serializing_if = \"std::ops::Not::not\")] remote: bool",
            "#[serde(default)] #[fact(written)] deleted: bool",
        ] {
            let declared = Declaration::read(&syn::parse_str(&kind(field)).unwrap());
            assert!(declared.is_ok(), "{field}");
        }
    }

    #[test]
    fn a_kind_has_the_name_of_its_struct_and_the_words_of_its_documentation() {
        let text =
            "/// A measure\n/// of code.\n#[fact(example = \"{}\")] struct QualityMeasure { id: String, version: V }";
        let declared = Declaration::read(&syn::parse_str(text).unwrap()).unwrap();
        assert_eq!(declared.name, "quality_measure");
        assert_eq!(declared.description, "A measure of code.");
        assert_eq!((declared.key, declared.order, declared.exported), (vec![0], vec![0], true));
    }

    #[test]
    fn a_field_that_json_may_leave_out_is_not_required() {
        let text = r#"#[fact(example = "{}")] struct A {
            id: String,
            #[serde(default, skip_serializing_if = "Option::is_none")] url: Option<String>,
            #[serde(default = "first", rename = "try")] #[fact(written)] attempt: i64,
            #[serde(rename = "Name")] name: String,
            version: V,
        }"#;
        let declared = Declaration::read(&syn::parse_str(text).unwrap()).unwrap();
        let required = declared.fields.iter().filter(|field| field.default.is_none());
        assert_eq!(required.map(|field| field.ident.to_string()).collect::<Vec<_>>(), ["id", "name"]);
    }
}
