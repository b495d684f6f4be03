//! Dashboards of graphs and texts, two side by side.

use payctl_aws::Document;
use payctl_aws::cloudwatch::Dashboard;
use serde_json::{Value, json};

use crate::Context;

/// The dashboard `name` of these graphs.
pub(crate) fn of(context: &Context<'_>, name: &str, graphs: &[Value]) -> Dashboard {
    let name = context.name(name);
    Dashboard {
        body: Document::new(json!({ "widgets": placed(graphs) })),
        tags: context.tags(&name),
        name,
    }
}

/// A graph of these metrics.
pub(crate) fn graph(context: &Context<'_>, title: &str, statistic: &str, metrics: Value) -> Value {
    json!({
        "type": "metric",
        "properties": {
            "title": title,
            "region": context.region,
            "stat": statistic,
            "period": 300,
            "view": "timeSeries",
            "metrics": metrics,
        },
    })
}

/// What is to be read beside the graphs, as Markdown.
pub(crate) fn text(markdown: &str) -> Value {
    json!({ "type": "text", "properties": { "markdown": markdown } })
}

fn placed(graphs: &[Value]) -> Vec<Value> {
    let place = |(nth, graph): (usize, &Value)| {
        let mut graph = graph.clone();
        for (side, value) in [("x", nth % 2 * 12), ("y", nth / 2 * 6), ("width", 12), ("height", 6)]
        {
            graph[side] = json!(value);
        }
        graph
    };
    graphs.iter().enumerate().map(place).collect()
}
