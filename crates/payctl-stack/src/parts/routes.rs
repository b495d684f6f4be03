//! Routes of APIs: which function answers which requests.

use std::collections::BTreeMap;

use payctl_aws::Arn;
use payctl_aws::lambda::{FunctionName, Permission};
use payctl_engine::{Input, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{note, part};
use crate::Context;
use crate::settings::Authorization;

/// What answers a request: the name of a function, or that and who may call it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Route {
    /// The function's name, such as `${lambda.function:pay.name}`.
    Function(Input<FunctionName>),
    /// That, and who may call.
    Open(OpenRoute),
}

/// A route that says for itself who may call.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OpenRoute {
    /// The function's name.
    pub function: Input<FunctionName>,
    /// Who may call: `iam` or `none`, which is anyone; as of the whole API where nothing is said.
    #[serde(default)]
    pub authorization: Option<Authorization>,
    /// What the body has to be: one of a REST API's `models`.
    #[serde(default)]
    pub model: Option<String>,
}

/// A route that has been read.
pub(super) struct ReadRoute {
    /// Such as `POST /payments/{id}`.
    pub(super) key: String,
    pub(super) method: String,
    /// The segments of the path.
    pub(super) path: Vec<String>,
    pub(super) function: Input<FunctionName>,
    pub(super) authorization: Authorization,
    pub(super) model: Option<String>,
}

const METHODS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// Reads the routes.
pub(super) fn read(
    routes: BTreeMap<String, Route>,
    authorization: Authorization,
) -> Result<Vec<ReadRoute>, String> {
    if routes.is_empty() {
        return Err("has no routes: `routes = { \"POST /payments\" = \"FUNCTION\" }`".to_owned());
    }
    let read = |(key, route): (String, Route)| {
        let (method, path) = split(&key).ok_or_else(|| {
            format!(
                "has a route `{key}`: a route is a method and a path, such as `POST /payments/{{id}}`, \
                 with letters, digits and - . _ : in it; methods are {}",
                METHODS.join(", ")
            )
        })?;
        let (function, own, model) = match route {
            Route::Function(function) => (function, None, None),
            Route::Open(OpenRoute { function, authorization, model }) => {
                (function, authorization, model)
            }
        };
        let authorization = own.unwrap_or(authorization);
        Ok(ReadRoute { key, method, path, function, authorization, model })
    };
    routes.into_iter().map(read).collect()
}

/// A method and the segments of a path.
fn split(key: &str) -> Option<(String, Vec<String>)> {
    let (method, path) = key.split_once(' ')?;
    let path = path.strip_prefix('/')?;
    let segments: Vec<String> = match path {
        "" => Vec::new(),
        path => path.split('/').map(str::to_owned).collect(),
    };
    let last = segments.len().saturating_sub(1);
    let is_word = |text: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        !text.is_empty() && text.chars().all(fits)
    };
    let fits = |(nth, segment): (usize, &String)| {
        match segment.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            // A variable of all that is left comes last.
            Some(name) => match name.strip_suffix('+') {
                Some(name) => nth == last && is_word(name),
                None => is_word(name),
            },
            None => is_word(segment),
        }
    };
    let fine = METHODS.contains(&method) && segments.iter().enumerate().all(fits);
    fine.then(|| (method.to_owned(), segments))
}

impl ReadRoute {
    /// What belongs to it is called so: `NAME/POST/payments/_id`.
    pub(super) fn logical(&self, api: &str) -> String {
        let words = [api, &self.method].map(str::to_owned).into_iter();
        words.chain(self.path.iter().map(|segment| word(segment))).collect::<Vec<_>>().join("/")
    }

    /// The requests that it is about, as permissions name them: of any stage.
    fn requests(&self) -> String {
        let method = if self.method == "ANY" { "*" } else { &self.method };
        let segments = self.path.iter().map(|segment| match segment.starts_with('{') {
            true => "*",
            false => segment,
        });
        let path: Vec<&str> = segments.collect();
        format!("/*/{method}/{}", path.join("/"))
    }

    /// Lets the API call the function for such requests.
    pub(super) fn permit(
        &self,
        stack: &mut Stack,
        api: &str,
        statement: Option<&str>,
        execution_arn: &Input<Arn>,
    ) {
        let logical = self.logical(api);
        permit(
            stack,
            &logical,
            statement.unwrap_or(&logical),
            &self.function,
            execution_arn.then(&self.requests()),
        );
    }

    /// The function's ARN.
    pub(super) fn function_arn(&self, context: &Context<'_>) -> Input<Arn> {
        part::sibling(&self.function, "name", "arn").unwrap_or_else(|| {
            self.function.within(context.arn("lambda", "function:").as_str(), "")
        })
    }
}

/// Lets an API call the function for these requests.
pub(super) fn permit(
    stack: &mut Stack,
    logical: &str,
    statement: &str,
    function: &Input<FunctionName>,
    requests: Input<Arn>,
) {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let statement = statement.chars().map(|c| if fits(c) { c } else { '-' }).take(100).collect();
    stack.add(
        logical,
        Permission {
            function: function.clone().when_created(),
            statement,
            action: "lambda:InvokeFunction".to_owned(),
            principal: "apigateway.amazonaws.com".to_owned(),
            source_arn: Some(requests),
            source_account: None,
        },
    );
}

/// A segment of a path as resources are called: a variable begins with a `_`.
pub(super) fn word(segment: &str) -> String {
    let plain = segment.trim_matches(['{', '}', '+']);
    let plain = plain.replace(':', "_");
    if segment.starts_with('{') { format!("_{plain}") } else { plain }
}

/// Says which requests are answered whoever sends them.
pub(super) fn note_open(stack: &mut Stack, section: Option<&str>, api: &str, routes: &[ReadRoute]) {
    let open = routes.iter().filter(|route| route.authorization == Authorization::None);
    let open: Vec<&str> = open.map(|route| route.key.as_str()).collect();
    if let (Some(section), false) = (section, open.is_empty()) {
        note::open_api(stack, section, Authorization::None);
    } else if !open.is_empty() {
        stack.note(&format!(
            "anyone may call {} of the API {api}: `authorization = \"iam\"` lets in signed requests only",
            open.join(", ")
        ));
    }
}

/// How APIs call whom they let in.
pub(crate) fn authorization(of: Authorization) -> String {
    match of {
        Authorization::None => "NONE",
        Authorization::Iam => "AWS_IAM",
    }
    .to_owned()
}

pub(super) fn iam() -> Authorization {
    Authorization::Iam
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_a_method_and_a_path() {
        let read = |key| split(key).map(|(method, path)| format!("{method} {}", path.join("|")));
        for (key, wanted) in [
            ("POST /payments", "POST payments"),
            ("GET /payments/{id}", "GET payments|{id}"),
            ("ANY /{proxy+}", "ANY {proxy+}"),
            ("GET /", "GET "),
        ] {
            assert_eq!(read(key).as_deref(), Some(wanted));
        }
        for key in [
            "",
            "POST",
            "/payments",
            "post /payments",
            "POST payments",
            "POST /payments/",
            "POST //x",
            "GET /{all+}/x",
            "GET /{}",
            "GET /a b",
            "GET  /a",
            "FETCH /a",
            "GET /a?b=c",
        ] {
            assert_eq!(read(key), None, "{key}");
        }
    }
}
