//! How edges of the graph are declared: one line for each, from which follow its arguments, its cost and how it is read.

/// Declares the edges of a type: its id in the graph, then what its things lead to.
///
/// - `one`: another thing by its key, which may be absent.
/// - `many`: a Relay connection of what belongs to the thing, by the parent and its key; `only` filters it.
/// - `all`: a Relay connection of what the whole organization has; `only` filters it.
/// - `few`: the first things of a list that the thing itself holds, by a function of the thing, the context and `first`.
/// - `some`: a short list, with the number of things that its cost is reckoned with, by a function of the thing and the
///   context.
/// - `events`: the raw events that reported the fact of this key.
/// - `metrics`: the metrics of services.
/// - `more`: other fields, which cost what they select.
///
/// A field that a type also has as a Rust field gets a name of its own, `as` the name in the graph.
macro_rules! edges {
    (
        $node:ty, $kind:ident, $id:expr;
        $(one { $(
            $(#[$one_doc:meta])*
            $one:ident $(as $one_name:literal)?: $one_row:ty => $one_to:ty, $one_key:expr;
        )+ })?
        $(many { $(
            $(#[$many_doc:meta])*
            $many:ident $(as $many_name:literal)?: $many_row:ty => $many_to:ty, $many_of:expr $(, only $many_filter:expr)?;
        )+ })?
        $(all { $(
            $(#[$all_doc:meta])*
            $all:ident: $all_row:ty => $all_to:ty $(, only $all_filter:expr)?;
        )+ })?
        $(few { $(
            $(#[$few_doc:meta])*
            $few:ident $(as $few_name:literal)?: $few_to:ty, $few_of:path;
        )+ })?
        $(some { $(
            $(#[$some_doc:meta])*
            $some:ident $(as $some_name:literal)?: $some_to:ty, $some_count:literal, $some_of:path;
        )+ })?
        $(events $events_key:expr;)?
        $(metrics { $(#[$metrics_doc:meta])* of $whose:expr; })?
        $(more { $($more:tt)+ })?
    ) => {
        #[async_graphql::ComplexObject]
        impl $node {
            /// Its id in the graph.
            #[graphql(name = "id")]
            pub(in crate::graphql) async fn node_id(
                &self,
                context: &async_graphql::Context<'_>,
            ) -> async_graphql::Result<async_graphql::ID> {
                let key: fn(&Self) -> Vec<&str> = $id;
                $crate::graphql::ids::id(context, $crate::graphql::ids::Kind::$kind, &key(self))
            }

            $($(
                $(#[$one_doc])*
                #[graphql($(name = $one_name)?)]
                async fn $one(
                    &self,
                    context: &async_graphql::Context<'_>,
                ) -> async_graphql::Result<Option<$one_to>> {
                    let key: fn(&Self) -> Option<$crate::graphql::loads::One> = $one_key;
                    $crate::graphql::resolve::one_of::<$one_row, _>(context, key(self)).await
                }
            )+)?

            $($(
                $(#[$many_doc])*
                #[graphql(
                    $(name = $many_name,)?
                    complexity = $crate::graphql::paging::rows(first, last) * child_complexity + 1
                )]
                async fn $many(
                    &self,
                    context: &async_graphql::Context<'_>,
                    first: Option<u32>,
                    after: Option<String>,
                    last: Option<u32>,
                    before: Option<String>,
                ) -> $crate::graphql::paging::List<$many_to> {
                    let of: fn(&Self) -> (store::queries::Parent, store::queries::ParentKey) = $many_of;
                    let filter = $crate::graphql::edges::only!($($many_filter)?);
                    let pages = (first, after, last, before);
                    $crate::graphql::resolve::among::<$many_row, _>(context, of(self), filter, pages).await
                }
            )+)?

            $($(
                $(#[$all_doc])*
                #[graphql(complexity = $crate::graphql::paging::rows(first, last) * child_complexity + 10)]
                async fn $all(
                    &self,
                    context: &async_graphql::Context<'_>,
                    first: Option<u32>,
                    after: Option<String>,
                    last: Option<u32>,
                    before: Option<String>,
                ) -> $crate::graphql::paging::List<$all_to> {
                    let filter = $crate::graphql::edges::only!($($all_filter)?);
                    let asked = async { Ok((filter, $crate::graphql::resolve::usual::<$all_row>())) };
                    $crate::graphql::resolve::list::<$all_row, _>(context, asked, (first, after, last, before)).await
                }
            )+)?

            $($(
                $(#[$few_doc])*
                #[graphql(
                    $(name = $few_name,)?
                    complexity = $crate::graphql::paging::rows(first, None) * (child_complexity + 1) + 1
                )]
                async fn $few(
                    &self,
                    context: &async_graphql::Context<'_>,
                    #[graphql(desc = "How many, 1 to 200; 50 without it.")] first: Option<u32>,
                ) -> async_graphql::Result<Vec<$few_to>> {
                    $few_of(self, context, first).await
                }
            )+)?

            $($(
                $(#[$some_doc])*
                #[graphql($(name = $some_name,)? complexity = $some_count * child_complexity + 1)]
                async fn $some(&self, context: &async_graphql::Context<'_>) -> async_graphql::Result<Vec<$some_to>> {
                    $some_of(self, context).await
                }
            )+)?

            $(
                /// The events that reported it, as the log has them: the latest first, 20 at most.
                #[graphql(complexity = 200 + child_complexity)]
                async fn events(
                    &self,
                    context: &async_graphql::Context<'_>,
                ) -> async_graphql::Result<Vec<$crate::views::RawEvent>> {
                    let key: fn(&Self) -> &str = $events_key;
                    $crate::graphql::raw::events_of(context, key(self)).await
                }
            )?

            $(
                $(#[$metrics_doc])*
                #[graphql(complexity = $crate::graphql::measured::shared_cost(&names, question.as_ref())
                    + names.len() * child_complexity)]
                async fn metrics(
                    &self,
                    context: &async_graphql::Context<'_>,
                    #[graphql(desc = "Names of `metricDefinitions`, 1 to 30.")] names: Vec<String>,
                    question: Option<$crate::questions::MetricQuestion>,
                ) -> async_graphql::Result<Vec<$crate::graphql::measured::MeasuredMetric>> {
                    let whose: fn(&Self) -> $crate::graphql::measured::Whose = $whose;
                    $crate::graphql::measured::metrics(context, whose(self), &names, question).await
                }
            )?

            $($($more)+)?
        }
    };
}

/// Declares the lists of a root object, each with what filters and sorts it.
macro_rules! lists {
    ($root:ident { $(
        $(#[$doc:meta])*
        $list:ident: $row:ty => $to:ty $(, by $filter:ty)?;
    )+ }) => {
        #[expect(clippy::too_many_arguments, reason = "Relay names four of them")]
        #[async_graphql::Object]
        impl $root { $(
            $(#[$doc])*
            #[graphql(complexity = $crate::graphql::paging::rows(first, last) * child_complexity + 10)]
            async fn $list(
                &self,
                context: &async_graphql::Context<'_>,
                first: Option<u32>,
                after: Option<String>,
                last: Option<u32>,
                before: Option<String>,
                $(question: Option<$filter>,)?
            ) -> $crate::graphql::paging::List<$to> {
                let asked = $crate::graphql::edges::asked!(context, $row $(, $filter, question)?);
                $crate::graphql::resolve::list::<$row, _>(context, asked, (first, after, last, before)).await
            }
        )+ }
    };
}

/// What filters an edge.
macro_rules! only {
    () => {
        store::queries::RowFilter::default()
    };
    ($filter:expr) => {
        $filter
    };
}

/// What a list is asked for.
macro_rules! asked {
    ($context:ident, $row:ty) => {
        async { Ok((store::queries::RowFilter::default(), $crate::graphql::resolve::usual::<$row>())) }
    };
    ($context:ident, $row:ty, $filter:ty, $question:ident) => {
        $crate::graphql::filters::asked::<$filter>($context, $question.unwrap_or_default())
    };
}

pub(super) use {asked, edges, lists, only};
