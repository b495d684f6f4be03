//! API Gateway's bulk reads: what several resources are read from is asked for once.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::operation::get_method::GetMethodOutput;
use aws_sdk_apigateway::operation::get_rest_api::GetRestApiOutput;
use aws_sdk_apigateway::types::Resource;

use crate::Absent as _;
use crate::load::Loader;

/// The most items that a page of a list may have.
pub(super) const PAGE: i32 = 500;
const GONE: &str = "NotFoundException";

/// The reads of one client.
#[derive(Debug)]
pub(crate) struct Apis {
    pub(super) apis: Loader<GetRestApiOutput>,
    /// With their methods, by the API's id.
    pub(super) resources: Loader<Vec<Resource>>,
    /// Each with its integration, by the ids of API and resource, and its name.
    pub(super) methods: Loader<GetMethodOutput, [String; 3]>,
}

impl Apis {
    pub(crate) fn new(client: &Client) -> Self {
        let (apis, resources, methods) = (client.clone(), client.clone(), client.clone());
        Self {
            apis: Loader::each(move |api: String| {
                let request = apis.get_rest_api().rest_api_id(api);
                async move { request.send().await.unless_absent(GONE) }
            }),
            resources: Loader::each(move |api: String| {
                let request = resources.get_resources().rest_api_id(api).embed("methods");
                let all = request.into_paginator().page_size(PAGE).items().send();
                async move {
                    let all = all.collect::<Result<Vec<_>, _>>().await;
                    all.unless_absent(GONE)
                }
            }),
            methods: Loader::each(move |[api, resource, name]: [String; 3]| {
                let request = methods.get_method().rest_api_id(api).resource_id(resource);
                let request = request.http_method(name);
                async move { request.send().await.unless_absent(GONE) }
            }),
        }
    }
}
