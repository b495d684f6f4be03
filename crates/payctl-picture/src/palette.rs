//! The colours, in light and in dark.

/// What has a colour: its name, the colour on light ground, and that on dark ground.
pub(crate) const COLOURS: &[(&str, &str, &str)] = &[
    ("ground", "#ffffff", "#0f1319"),
    ("lane", "#f6f7f9", "#161b23"),
    ("network", "#eef4fb", "#121d2b"),
    ("tier", "#ffffff", "#18222f"),
    ("card", "#ffffff", "#1e2632"),
    ("border", "#c5ccd6", "#3a4554"),
    ("ink", "#1a2230", "#e8ecf2"),
    ("dim", "#566070", "#a3adbb"),
    ("line", "#5b6b82", "#8b9ab0"),
    ("accent", "#1756a9", "#8ab8ff"),
    ("green", "#14713b", "#5fd38b"),
    ("cyan", "#0b6b7d", "#5cc9dc"),
    ("amber", "#8a5200", "#f0b357"),
    ("purple", "#7a2fb5", "#c99cf5"),
    ("red", "#b3202c", "#ff8f8f"),
    ("grey", "#5f6875", "#9aa5b3"),
    ("blue1", "#3d7dc4", "#5d8fc9"),
    ("blue2", "#2566b0", "#7fb0e8"),
    ("blue3", "#134d93", "#a5cdfa"),
    ("blue4", "#082f63", "#d4e8ff"),
];

/// Texts and what is behind them: what is legible, light and dark.
#[cfg(test)]
pub(crate) const TEXTS: &[(&str, &[&str])] = &[
    ("ink", &["ground", "lane", "network", "tier", "card"]),
    ("dim", &["ground", "lane", "network", "tier", "card"]),
    ("accent", &["ground", "card"]),
    ("green", &["ground", "card"]),
    ("cyan", &["ground", "card"]),
    ("amber", &["ground", "card"]),
    ("purple", &["ground", "card"]),
    ("red", &["ground", "card"]),
    ("grey", &["ground", "card"]),
];

/// The colour on light ground.
pub(crate) fn light(name: &str) -> &'static str {
    COLOURS.iter().find(|(known, ..)| *known == name).map_or("#000000", |(_, light, _)| light)
}

/// The colours as CSS variables of `selector`, dark where the reader prefers that.
pub(crate) fn variables(selector: &str) -> String {
    let all = |dark: bool| {
        let each = COLOURS.iter().map(|(name, light, night)| {
            let value = if dark { night } else { light };
            format!("--{name}:{value}")
        });
        each.collect::<Vec<_>>().join(";")
    };
    format!(
        "{selector}{{{}}}@media screen and (prefers-color-scheme:dark){{{selector}{{{}}}}}",
        all(false),
        all(true)
    )
}
