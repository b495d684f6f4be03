//! `#[kind]`: the form in which a kind of resource says everything about itself once.
//!
//! ```text
//! /// Where messages wait until somebody has worked on them.
//! #[kind(
//!     "sqs.queue",
//!     outputs(url: QueueUrl, arn: Arn, name: QueueName),
//!     stable(arn, name),
//!     look = "sqs:GetQueueAttributes GetQueueUrl ListQueueTags",
//!     create = "sqs:CreateQueue TagQueue",
//!     delete = "sqs:DeleteQueue",
//!     on = "arn:{partition}:sqs:{region}:{account}:{name}",
//! )]
//! pub struct Queue {
//!     /// Its name.
//!     #[prop(replaces, unique, pattern = "[A-Za-z0-9_-]{1,80}", source = "SQS CreateQueue")]
//!     pub name: String,
//!     /// How long a message is kept that nobody deletes.
//!     #[prop(range(60..=1_209_600), source = "SQS SetQueueAttributes")]
//!     pub retention_s: u32,
//!     pub tags: Tags,
//! }
//! ```
//!
//! What each word means is told where it ends up: `payctl_engine::KindInfo` and
//! `payctl_engine::Property`. The words of the kind:
//!
//! | word | becomes |
//! |---|---|
//! | `cloud = Type` | `Kind::Cloud`; `crate::Aws` where it is left out |
//! | `outputs(name: Type, …)` | the struct `…Outputs` and the handle `…Ref` |
//! | `outputs = Outputs via Ref` | the same, where another kind declares them |
//! | `stable(name, …)` | `stable_outputs` |
//! | `repeat = Token`, `typical(0.5, 1.0, 30.0)`, `pace(3.0, 30.0)`, `wait_timeout = 45 * 60` | in seconds |
//! | `keeps_data`, `attachments = […]` | the fields of these names |
//! | `look`, `create`, `change`, `delete`, `unscoped` | actions; a service holds for those after it |
//! | `on`, `extra_resources`, `delegated` | the fields of `Access` |
//!
//! The words of a property: `replaces`, `unique`, `later`, `holds`, `parent`, `serial`, `protects`,
//! `pending`, `default = …`, `range(…)`, `length(…)`, `pattern = "…"`, `one_of("…", …)`,
//! `unread = "why"`, `source = "…"`.

mod expand;
mod parse;

use proc_macro::TokenStream;

/// See the crate.
#[proc_macro_attribute]
pub fn kind(words: TokenStream, item: TokenStream) -> TokenStream {
    let words = syn::parse_macro_input!(words as parse::KindWords);
    let item = syn::parse_macro_input!(item as syn::ItemStruct);
    expand::kind(&words, item).unwrap_or_else(syn::Error::into_compile_error).into()
}
