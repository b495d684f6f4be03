//! Property values as people read them.

use payctl_engine::input::Reference;
use serde_json::Value;

/// A value on one line; what is not known yet stands in braces.
pub(super) fn short(value: &Value) -> String {
    if let Some(Reference { address, output, .. }) = Reference::from_value(value) {
        return format!("{{{address}.{output}}}");
    }
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.replace('\n', "\\n"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(short).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => match map.get("$join").and_then(Value::as_array) {
            Some(parts) => parts.iter().map(short).collect(),
            None => {
                let items: Vec<String> =
                    map.iter().map(|(name, value)| format!("{name}: {}", short(value))).collect();
                format!("{{{}}}", items.join(", "))
            }
        },
        other => other.to_string(),
    }
}

/// Whether a value is worth more than one line.
pub(super) fn is_large(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| item.is_object() && !is_reference(item)),
        Value::Object(map) => !is_reference(value) && !map.contains_key("$join"),
        Value::String(text) => text.contains('\n'),
        _ => false,
    }
}

fn is_reference(value: &Value) -> bool {
    Reference::from_value(value).is_some() || value.get("$join").is_some()
}

/// A value in several lines, with references on one line each.
pub(super) fn long(value: &Value) -> String {
    let mut lines = Vec::new();
    write(&mut lines, 0, "", value);
    lines.join("\n")
}

fn write(lines: &mut Vec<String>, depth: usize, name: &str, value: &Value) {
    let indent = "  ".repeat(depth);
    let label = if name.is_empty() { String::new() } else { format!("{name}: ") };
    match value {
        Value::Object(map) if !is_reference(value) && !map.is_empty() => {
            lines.push(format!("{indent}{label}{{"));
            for (name, value) in map {
                write(lines, depth + 1, name, value);
            }
            lines.push(format!("{indent}}}"));
        }
        Value::Array(items) if !items.is_empty() => {
            lines.push(format!("{indent}{label}["));
            for item in items {
                write(lines, depth + 1, "", item);
            }
            lines.push(format!("{indent}]"));
        }
        Value::String(text) if text.contains('\n') => {
            lines.extend((!name.is_empty()).then(|| format!("{indent}{label}")));
            lines.extend(text.lines().map(|line| format!("{indent}{line}")));
        }
        other => lines.push(format!("{indent}{label}{}", short(other))),
    }
}
