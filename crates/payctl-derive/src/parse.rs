//! The words of a kind and of a property.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Field, Ident, Lit, LitFloat, LitStr, Result, Token, Type, parenthesized};

/// What is written in `#[kind(…)]`.
pub(crate) struct KindWords {
    pub(crate) name: LitStr,
    pub(crate) cloud: Option<Type>,
    pub(crate) outputs: Outputs,
    pub(crate) stable: Vec<Ident>,
    pub(crate) repeat: Option<Ident>,
    pub(crate) typical: Option<Vec<f64>>,
    pub(crate) pace: Option<Vec<f64>>,
    pub(crate) wait_timeout: Option<Expr>,
    pub(crate) keeps_data: bool,
    pub(crate) attachments: Option<Expr>,
    /// `look`, `create`, `change`, `delete`, `unscoped`, in this order.
    pub(crate) actions: [Vec<LitStr>; 5],
    pub(crate) on: Option<Expr>,
    pub(crate) extra_resources: Option<Expr>,
    pub(crate) delegated: Option<Expr>,
}

/// What the cloud assigns to a kind.
pub(crate) enum Outputs {
    /// By name and type.
    Own(Vec<Field>),
    /// The struct and the handle that another kind has declared.
    Of(Ident, Ident),
}

impl Outputs {
    /// The names of those that are declared here.
    pub(crate) fn names(&self) -> Vec<String> {
        let Self::Own(fields) = self else { return Vec::new() };
        fields.iter().filter_map(|field| Some(field.ident.as_ref()?.to_string())).collect()
    }
}

const ACTIONS: [&str; 5] = ["look", "create", "change", "delete", "unscoped"];

impl Parse for KindWords {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut words = Self {
            name: input.parse()?,
            cloud: None,
            outputs: Outputs::Own(Vec::new()),
            stable: Vec::new(),
            repeat: None,
            typical: None,
            pace: None,
            wait_timeout: None,
            keeps_data: false,
            attachments: None,
            actions: Default::default(),
            on: None,
            extra_resources: None,
            delegated: None,
        };
        let mut seen: Vec<String> = Vec::new();
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let word: Ident = input.parse()?;
            let text = word.to_string();
            if seen.contains(&text) {
                return Err(Error::new(word.span(), format!("`{text}` is there twice")));
            }
            words.word(&word, input)?;
            seen.push(text);
        }
        Ok(words)
    }
}

impl KindWords {
    fn word(&mut self, word: &Ident, input: ParseStream<'_>) -> Result<()> {
        let text = word.to_string();
        if let Some(nth) = ACTIONS.iter().position(|action| *action == text) {
            input.parse::<Token![=]>()?;
            self.actions[nth] = actions(&input.parse()?)?;
            return Ok(());
        }
        match text.as_str() {
            "cloud" => self.cloud = Some(value(input)?),
            "outputs" if input.peek(Token![=]) => {
                input.parse::<Token![=]>()?;
                let outputs = input.parse()?;
                let via: Ident = input.parse()?;
                if via != "via" {
                    return Err(Error::new(via.span(), "expected `via`"));
                }
                self.outputs = Outputs::Of(outputs, input.parse()?);
            }
            "outputs" => {
                let fields;
                parenthesized!(fields in input);
                let fields = Punctuated::<Field, Token![,]>::parse_terminated_with(
                    &fields,
                    Field::parse_named,
                )?;
                self.outputs = Outputs::Own(fields.into_iter().collect());
            }
            "stable" => self.stable = list(input)?,
            "repeat" => self.repeat = Some(value(input)?),
            "typical" => self.typical = Some(seconds(input, 3, word.span())?),
            "pace" => self.pace = Some(seconds(input, 2, word.span())?),
            "wait_timeout" => self.wait_timeout = Some(value(input)?),
            "keeps_data" => self.keeps_data = true,
            "attachments" => self.attachments = Some(value(input)?),
            "on" => self.on = Some(value(input)?),
            "extra_resources" => self.extra_resources = Some(value(input)?),
            "delegated" => self.delegated = Some(value(input)?),
            _ => {
                return Err(Error::new(word.span(), format!("a kind has no word `{text}`")));
            }
        }
        Ok(())
    }
}

/// What is written in `#[prop(…)]`.
#[derive(Default)]
pub(crate) struct PropertyWords {
    pub(crate) flags: Vec<Ident>,
    pub(crate) default: Option<Expr>,
    pub(crate) range: Option<Expr>,
    pub(crate) length: Option<Expr>,
    pub(crate) pattern: Option<LitStr>,
    pub(crate) one_of: Vec<LitStr>,
    pub(crate) unread: Option<LitStr>,
    pub(crate) source: Option<LitStr>,
}

const FLAGS: [&str; 8] =
    ["replaces", "unique", "later", "holds", "parent", "serial", "protects", "pending"];

impl PropertyWords {
    pub(crate) fn is(&self, flag: &str) -> bool {
        self.flags.iter().any(|known| known == flag)
    }
}

impl Parse for PropertyWords {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut words = Self::default();
        while !input.is_empty() {
            let word: Ident = input.parse()?;
            match word.to_string().as_str() {
                flag if FLAGS.contains(&flag) => words.flags.push(word),
                "default" => words.default = Some(value(input)?),
                "range" => words.range = Some(within(input)?),
                "length" => words.length = Some(within(input)?),
                "pattern" => words.pattern = Some(value(input)?),
                "one_of" => words.one_of = list(input)?,
                "unread" => words.unread = Some(value(input)?),
                "source" => words.source = Some(value(input)?),
                other => {
                    let why = format!("a property has no word `{other}`");
                    return Err(Error::new(word.span(), why));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(words)
    }
}

/// `= value`
fn value<T: Parse>(input: ParseStream<'_>) -> Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// `(value)`
fn within<T: Parse>(input: ParseStream<'_>) -> Result<T> {
    let inner;
    parenthesized!(inner in input);
    inner.parse()
}

/// `(item, …)`
fn list<T: Parse>(input: ParseStream<'_>) -> Result<Vec<T>> {
    let items;
    parenthesized!(items in input);
    Ok(Punctuated::<T, Token![,]>::parse_terminated(&items)?.into_iter().collect())
}

/// `(seconds, …)`, so many of them.
fn seconds(input: ParseStream<'_>, count: usize, span: Span) -> Result<Vec<f64>> {
    let all: Vec<LitFloat> = list(input)?;
    if all.len() != count {
        return Err(Error::new(span, format!("expected {count} numbers of seconds")));
    }
    all.iter().map(LitFloat::base10_parse).collect()
}

/// Actions as one text or several: a service is told once for those that come after it.
fn actions(value: &Expr) -> Result<Vec<LitStr>> {
    let wrong =
        || Error::new_spanned(value, "expected a text of actions such as `sqs:GetQueueUrl`");
    let Expr::Lit(literal) = value else { return Err(wrong()) };
    let Lit::Str(text) = &literal.lit else { return Err(wrong()) };
    let (mut service, mut all) = (None, Vec::new());
    for word in text.value().split_whitespace() {
        let name = match word.split_once(':') {
            Some((prefix, name)) => {
                service = Some(prefix.to_owned());
                name
            }
            None => word,
        };
        let Some(service) = &service else { return Err(wrong()) };
        all.push(LitStr::new(&format!("{service}:{name}"), text.span()));
    }
    Ok(all)
}
