//! Derives what the catalog knows of a kind of fact from its struct: its columns, how a fact becomes values in their
//! order, and how values become a fact. The traits are those of the crate `kernel`, which is the only one that
//! declares facts.

mod declaration;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{DeriveInput, parse_macro_input};

use crate::declaration::{Declaration, DefaultValue, Field, Keep};

/// Declares a struct as a kind of fact.
///
/// Its columns are its fields, in their order; the field `version` becomes the columns `completeness` and `version_at`.
///
/// A field with `#[serde(default)]` is optional, the others are required. The struct gets a function `new` of its
/// required fields and the version, in which the optional ones have their defaults. Facts are made by
/// `Deployment { name, url, ..Deployment::new(id, version) }`, so that code need not name an optional field that it has
/// no value for.
///
/// `#[fact(…)]` on the struct takes:
/// - `key(a, b)`: the fields that identify it, otherwise `id`;
/// - `order(a, b)`: of its events, the first of these fields that has a value decides which keep their order; otherwise
///   the key does;
/// - `happened_at(a)`: metrics that users define can be made of it, and happen at this field unless they name another;
/// - `kept(a = method)`: a column beside its fields, which keeps the earliest time that `method` had for any version;
/// - `traced`: which events a fact came from is remembered;
/// - `not_exported`: exports leave it out;
/// - `example = "…"`: a fact as JSON, without the field `fact`.
///
/// `#[fact(…)]` on a field takes:
/// - `earliest`, `latest`: the earliest or latest time that any version had stays, whichever version wins;
/// - `moves`: it holds the id of a repository, or one that begins with it, and changes when the repository moves;
/// - `with = method`: what is stored is what the method returns, a list of texts;
/// - `form = Lowercase`: the usual form of its texts (see `Form`), if it is not that of its type;
/// - `filled`: no text of it may be empty, as no key of one field and no id of a repository may;
/// - `written`: JSON has it even with its default, as it does since the kind has fields. A new optional field is left
///   out of JSON instead (`skip_serializing_if`): otherwise the digest of every fact of the kind changes with it.
#[proc_macro_derive(FactKind, attributes(fact))]
pub fn fact_kind(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    Declaration::read(&input).map_or_else(syn::Error::into_compile_error, |declared| implementation(&declared)).into()
}

fn implementation(declared: &Declaration) -> Tokens {
    let Declaration { ident, name, .. } = declared;
    let kind = kind(declared);
    let constructor = constructor(declared);
    let values = declared.fields.iter().map(value).chain(declared.kept.iter().map(|(_, method)| {
        quote! { self.#method().map_or(catalog::FieldValue::Null, catalog::FieldValue::Time) }
    }));
    let indexes = 0_usize..;
    let arms = indexes.zip(values).map(|(index, value)| quote! { #index => #value });
    let texts = (0_usize..).zip(&declared.fields).map(|(index, Field { ident, .. })| {
        quote! { #index => catalog::Field::texts_mut(&mut self.#ident) }
    });
    let reads = declared.fields.iter().map(|Field { ident, .. }| {
        let place = format!("{}.{ident}", declared.name);
        quote! {
            #ident: catalog::Field::read(next()?)
                .map_err(|problem| catalog::Unreadable { column: #place, problem })?
        }
    });
    quote! {
        const _: () = {
            use crate::facts::catalog;

            #constructor

            impl catalog::Record for #ident {
                fn kind(&self) -> &'static catalog::Kind {
                    <Self as catalog::Declared>::KIND
                }

                fn version(&self) -> catalog::Version {
                    self.version
                }

                fn value(&self, column: usize) -> catalog::FieldValue<'_> {
                    match column {
                        #(#arms,)*
                        _ => catalog::FieldValue::Null,
                    }
                }

                fn texts_mut(&mut self, column: usize) -> Vec<&mut String> {
                    match column {
                        #(#texts,)*
                        _ => Vec::new(),
                    }
                }
            }

            impl catalog::Declared for #ident {
                const NAME: &'static str = #name;
                const KIND: &'static catalog::Kind = #kind;

                fn read<'a, E: From<catalog::Unreadable>>(
                    next: &mut dyn FnMut() -> Result<catalog::FieldValue<'a>, E>,
                ) -> Result<Self, E> {
                    Ok(Self {
                        #(#reads,)*
                        version: catalog::read_version(next)?,
                    })
                }
            }
        };
    }
}

/// The function `new`, of the required fields.
fn constructor(declared: &Declaration) -> Tokens {
    let Declaration { ident, fields, .. } = declared;
    let required = fields.iter().filter(|field| field.default.is_none()).map(|Field { ident, ty, .. }| {
        quote! { #ident: #ty }
    });
    let values = fields.iter().map(|Field { ident, ty, default, .. }| match default {
        None => quote! { #ident },
        Some(DefaultValue::OfType) => quote! { #ident: <#ty as ::core::default::Default>::default() },
        Some(DefaultValue::Returned(function)) => quote! { #ident: #function() },
    });
    quote! {
        impl #ident {
            /// Of the required fields, in their order; the others have the value that JSON without them gives.
            #[must_use]
            pub fn new(#(#required,)* version: catalog::Version) -> Self {
                Self { #(#values,)* version }
            }
        }
    }
}

fn kind(declared: &Declaration) -> Tokens {
    let Declaration { ident, name, description, key, order, happened_at, traced, exported, example, .. } = declared;
    let title = ident.to_string();
    let columns = declared.fields.iter().enumerate().map(|field| column(declared, field)).chain(
        declared.kept.iter().map(|(ident, _)| {
            let name = ident.to_string();
            quote! { catalog::Column::kept(#name) }
        }),
    );
    let fields = declared.fields.len();
    let happened_at = happened_at.as_ref().map_or_else(|| quote! { None }, |name| quote! { Some(#name) });
    quote! {
        &catalog::Kind {
            name: #name,
            title: #title,
            description: #description,
            columns: &[#(#columns),*],
            fields: #fields,
            key: &[#(#key),*],
            order: &[#(#order),*],
            happened_at: #happened_at,
            traced: #traced,
            exported: #exported,
            example: #example,
            schema: |generator| <#ident as schemars::JsonSchema>::json_schema(generator),
        }
    }
}

fn column(declared: &Declaration, (position, field): (usize, &Field)) -> Tokens {
    let name = field.ident.to_string();
    let ty = &field.ty;
    let moves = field.moves;
    let filled = field.filled || declared.key == [position];
    let form = field
        .form
        .as_ref()
        .map_or_else(|| quote! { <#ty as catalog::Field>::FORM }, |form| quote! { catalog::Form::#form });
    let keep = match field.keep {
        Keep::Newest => quote! { catalog::Keep::Newest },
        Keep::Earliest => quote! { catalog::Keep::Earliest },
        Keep::Latest => quote! { catalog::Keep::Latest },
    };
    quote! {
        catalog::Column {
            name: #name,
            holds: <#ty as catalog::Field>::HOLDS,
            nullable: <#ty as catalog::Field>::NULLABLE,
            words: <#ty as catalog::Field>::WORDS,
            keep: #keep,
            moves: #moves,
            form: #form,
            filled: #filled,
        }
    }
}

fn value(field: &Field) -> Tokens {
    let ident = &field.ident;
    field.with.as_ref().map_or_else(
        || quote! { catalog::Field::value(&self.#ident) },
        |method| quote! { catalog::FieldValue::of_texts(self.#method()) },
    )
}
