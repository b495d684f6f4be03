//! What the words become.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Attribute, Error, Expr, ExprLit, ExprRange, Field, Fields, GenericArgument, Ident, ItemStruct,
    Lit, LitStr, Meta, PathArguments, RangeLimits, Result, Type,
};

use crate::parse::{KindWords, Outputs, PropertyWords};

/// What outputs are called that name a resource all over.
const IDENTITY: [&str; 2] = ["id", "arn"];

/// The struct, its outputs and its handle, and what is known of the kind.
pub(crate) fn kind(words: &KindWords, mut item: ItemStruct) -> Result<TokenStream> {
    let Fields::Named(fields) = &mut item.fields else {
        return Err(Error::new_spanned(&item.ident, "a kind is a struct with named properties"));
    };
    let properties =
        fields.named.iter_mut().map(Property::take).collect::<Result<Vec<Property>>>()?;
    let name = &item.ident;
    let (declared, outputs, handle) = outputs(words, &item);
    let info = info(words, &item, &outputs, &properties)?;
    let cloud = match &words.cloud {
        Some(cloud) => cloud.clone(),
        None => syn::parse_str("crate::Aws")?,
    };
    Ok(quote! {
        #[derive(
            Clone, Debug, PartialEq, ::serde::Serialize, ::serde::Deserialize,
            ::schemars::JsonSchema,
        )]
        #item

        #declared

        impl ::payctl_engine::Kind for #name {
            type Cloud = #cloud;
            type Outputs = #outputs;
            type Ref = #handle;
            const INFO: ::payctl_engine::KindInfo = #info;
        }
    })
}

/// One property: its name, what it is, and its words.
struct Property {
    name: String,
    doc: String,
    ty: Type,
    words: PropertyWords,
}

impl Property {
    /// Reads a field's words and leaves it without them.
    fn take(field: &mut Field) -> Result<Self> {
        let mut words = PropertyWords::default();
        for attribute in &field.attrs {
            if attribute.path().is_ident("prop") {
                words = attribute.parse_args()?;
            }
        }
        field.attrs.retain(|attribute| !attribute.path().is_ident("prop"));
        let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
        Ok(Self { name, doc: doc(&field.attrs), ty: field.ty.clone(), words })
    }

    /// Whether it carries the tags: a kind may set those of others too, under another name.
    fn is_tags(&self) -> bool {
        self.name == "tags" && matches!(&self.ty, Type::Path(path) if path.path.is_ident("Tags"))
    }
}

/// What declares the outputs and the handle, and their names.
fn outputs(words: &KindWords, item: &ItemStruct) -> (TokenStream, Ident, Ident) {
    let fields = match &words.outputs {
        Outputs::Of(outputs, handle) => {
            return (TokenStream::new(), outputs.clone(), handle.clone());
        }
        Outputs::Own(fields) => fields,
    };
    let outputs = format_ident!("{}Outputs", item.ident);
    let handle = format_ident!("{}Ref", item.ident);
    let about = format!("What is known of a [`{}`] once it is there.", item.ident);
    let refers = format!("Refers to the [outputs]({outputs}) of a declared [`{}`].", item.ident);
    let names: Vec<&Option<Ident>> = fields.iter().map(|field| &field.ident).collect();
    let docs = fields.iter().map(|field| &field.attrs);
    let types: Vec<&Type> = fields.iter().map(|field| &field.ty).collect();
    let texts = names.iter().map(|name| name.as_ref().map(ToString::to_string));
    let words = fields.iter().map(|field| last_word(&field.ty));
    let declared = quote! {
        #[doc = #about]
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[allow(missing_docs)]
        pub struct #outputs { #(#(#docs)* pub #names: #types),* }

        impl #outputs {
            /// Each output and its type's name.
            pub const FIELDS: &'static [(&'static str, &'static str)] = &[#((#texts, #words)),*];
        }

        #[doc = #refers]
        #[derive(Clone, Debug, PartialEq)]
        pub struct #handle(::payctl_engine::Address);

        impl ::payctl_engine::Handle for #handle {
            fn new(address: ::payctl_engine::Address) -> Self { Self(address) }
            fn address(&self) -> &::payctl_engine::Address { &self.0 }
        }

        #[allow(missing_docs)]
        impl #handle {
            #(#[must_use]
            pub fn #names(&self) -> ::payctl_engine::Input<#types> {
                ::payctl_engine::Input::output(&self.0, stringify!(#names))
            })*
        }
    };
    (declared, outputs, handle)
}

fn info(
    words: &KindWords,
    item: &ItemStruct,
    outputs: &Ident,
    properties: &[Property],
) -> Result<TokenStream> {
    let kind = &words.name;
    let about = doc(&item.attrs);
    let named = |flag: &str| -> Vec<&str> {
        properties.iter().filter(|one| one.words.is(flag)).map(|one| one.name.as_str()).collect()
    };
    let one = |flag: &str| match named(flag).as_slice() {
        [] => Ok(quote!(None)),
        [name] => Ok(quote!(Some(#name))),
        _ => Err(Error::new_spanned(&item.ident, format!("two properties are `{flag}`"))),
    };
    let names: Vec<&str> = properties.iter().map(|one| one.name.as_str()).collect();
    let (replaced_by, unique_by) = (named("replaces"), named("unique"));
    let (set_later, holds, protected_by) = (named("later"), named("holds"), named("protects"));
    let (belongs_to, one_at_a_time) = (one("parent")?, one("serial")?);
    let pending_deletion = one("pending")?;
    let tags = match properties.iter().find(|one| one.is_tags()).map(|one| &one.name) {
        Some(name) => quote!(Some(#name)),
        None => quote!(None),
    };
    let details = properties.iter().map(detail).collect::<Result<Vec<_>>>()?;
    let identity = words.outputs.names().into_iter().filter(|name| IDENTITY.contains(&&**name));
    let stable: Vec<String> = words.stable.iter().map(ToString::to_string).collect();
    let repeat = words.repeat.as_ref().map_or_else(|| quote!(Unique), |repeat| quote!(#repeat));
    let typical = match words.typical.as_deref() {
        Some([created, ready, deleted]) => quote!({
            created: #created, ready: #ready, deleted: #deleted,
        }),
        _ => quote!(::QUICK),
    };
    let (create_pace, delete_pace) = match words.pace.as_deref() {
        Some([create, delete]) => (millis(*create), millis(*delete)),
        _ => (0, 0),
    };
    let wait_timeout = match &words.wait_timeout {
        Some(seconds) => quote!(::std::time::Duration::from_secs(#seconds)),
        None => quote!(::payctl_engine::KindInfo::WAIT_TIMEOUT),
    };
    let (keeps_data, attachments) = (words.keeps_data, slice(words.attachments.as_ref()));
    let [look, create, change, delete, unscoped] = &words.actions;
    let on = match &words.on {
        Some(Expr::Lit(ExprLit { lit: Lit::Str(arn), .. })) => quote!(&[#arn]),
        on => slice(on.as_ref()),
    };
    let (extra, delegated) =
        (slice(words.extra_resources.as_ref()), slice(words.delegated.as_ref()));
    Ok(quote! {
        ::payctl_engine::KindInfo {
            kind: #kind,
            doc: #about,
            properties: &[#(#names),*],
            details: &[#(#details),*],
            outputs: #outputs::FIELDS,
            identity: &[#(#identity),*],
            replaced_by: &[#(#replaced_by),*],
            unique_by: &[#(#unique_by),*],
            set_later: &[#(#set_later),*],
            holds: &[#(#holds),*],
            stable_outputs: &[#(#stable),*],
            tags: #tags,
            pending_deletion: #pending_deletion,
            protected_by: &[#(#protected_by),*],
            keeps_data: #keeps_data,
            belongs_to: #belongs_to,
            one_at_a_time: #one_at_a_time,
            repeat: ::payctl_engine::Repeat::#repeat,
            typical: ::payctl_engine::Typical #typical,
            pace: ::payctl_engine::Pace {
                create: ::std::time::Duration::from_millis(#create_pace),
                delete: ::std::time::Duration::from_millis(#delete_pace),
            },
            wait_timeout: #wait_timeout,
            access: ::payctl_engine::Access {
                look: &[#(#look),*],
                create: &[#(#create),*],
                change: &[#(#change),*],
                delete: &[#(#delete),*],
                unscoped: &[#(#unscoped),*],
                on: #on,
                extra_resources: #extra,
                delegated: #delegated,
            },
            attachments: #attachments,
            service_made: |_| false,
            parse: ::payctl_engine::kind::parse::<Self>,
            schema: ::payctl_engine::kind::schema::<Self>,
        }
    })
}

/// What is known of one property.
fn detail(property: &Property) -> Result<TokenStream> {
    let Property { name, doc, ty, words } = property;
    let optional = is_option(ty);
    let default = match (&words.default, optional) {
        (Some(value), _) => quote!(Some(|| ::serde_json::json!(#value))),
        (None, true) => quote!(Some(|| ::serde_json::Value::Null)),
        (None, false) => quote!(None),
    };
    let constraint = constraint(words)?;
    let source = option(words.source.as_ref());
    let unread = option(words.unread.as_ref());
    Ok(quote! {
        ::payctl_engine::Property {
            name: #name,
            doc: #doc,
            default: #default,
            constraint: #constraint,
            source: #source,
            unread: #unread,
        }
    })
}

fn constraint(words: &PropertyWords) -> Result<TokenStream> {
    let bounds = |range: &Expr| -> Result<(TokenStream, TokenStream)> {
        let Expr::Range(ExprRange { start, end, limits, .. }) = range else {
            return Err(Error::new_spanned(range, "expected a range such as `1..=80` or `1..`"));
        };
        if end.is_some() && matches!(limits, RangeLimits::HalfOpen(_)) {
            return Err(Error::new_spanned(range, "expected the end with `..=`"));
        }
        let side = |side: &Option<Box<Expr>>| {
            side.as_ref().map_or_else(|| quote!(None), |value| quote!(Some(#value as _)))
        };
        Ok((side(start), side(end)))
    };
    let PropertyWords { range, length, pattern, one_of, .. } = words;
    let range = match range {
        Some(range) => {
            let (least, most) = bounds(range)?;
            quote!((#least, #most))
        }
        None => quote!((None, None)),
    };
    let length = match length {
        Some(length) => {
            let (least, most) = bounds(length)?;
            quote!((#least, #most))
        }
        None => quote!((None, None)),
    };
    let pattern = option(pattern.as_ref());
    Ok(quote! {
        ::payctl_engine::Constraint {
            range: #range, length: #length, pattern: #pattern, one_of: &[#(#one_of),*],
        }
    })
}

fn option(text: Option<&LitStr>) -> TokenStream {
    text.map_or_else(|| quote!(None), |text| quote!(Some(#text)))
}

fn slice(value: Option<&Expr>) -> TokenStream {
    match value {
        Some(Expr::Array(items)) => quote!(&#items),
        Some(other) => quote!(#other),
        None => quote!(&[]),
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds")]
fn millis(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}

/// What the doc comments say, without the lines' ends inside a paragraph.
fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    let mut text = String::new();
    for line in lines {
        match line.is_empty() {
            true => text.push_str("\n\n"),
            false if text.is_empty() || text.ends_with('\n') => text.push_str(&line),
            false => {
                text.push(' ');
                text.push_str(&line);
            }
        }
    }
    text
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|s| s.ident == "Option"))
}

/// The name of a type, such as `VpcId`, also where it may be absent.
fn last_word(ty: &Type) -> String {
    let Type::Path(path) = ty else { return String::new() };
    let Some(segment) = path.path.segments.last() else { return String::new() };
    if let PathArguments::AngleBracketed(inner) = &segment.arguments
        && let Some(GenericArgument::Type(inner)) = inner.args.first()
    {
        return last_word(inner);
    }
    segment.ident.to_string()
}
