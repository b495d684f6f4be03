//! How a report looks: on a phone, on a screen, on paper, in light and in dark.

use crate::palette;

/// The page's style.
pub(super) fn css() -> String {
    palette::variables(":root") + RULES
}

const RULES: &str = "\
:root{color-scheme:light dark}\
*{box-sizing:border-box}\
html{scroll-padding-top:3.5rem}\
body{margin:0;background:var(--ground);color:var(--ink);\
font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",Helvetica,Arial,\"Liberation Sans\",sans-serif}\
header,main,footer{max-width:1240px;margin:0 auto;padding:0 20px}\
header{padding-top:28px}\
h1{font-size:1.9rem;line-height:1.2;margin:0 0 4px}\
h2{font-size:1.3rem;margin:40px 0 10px;padding-top:14px;border-top:1px solid var(--border)}\
h3{font-size:1rem;margin:22px 0 8px}\
p{margin:0 0 10px;max-width:75ch}\
a{color:var(--accent)}\
.dim{color:var(--dim)}\
.headline{font-size:1.1rem;font-weight:600;margin:14px 0 0}\
nav{position:sticky;top:0;background:var(--ground);border-bottom:1px solid var(--border);\
margin-top:18px;z-index:1}\
nav ul{max-width:1240px;margin:0 auto;padding:9px 20px;list-style:none;display:flex;gap:6px 20px;\
overflow-x:auto;white-space:nowrap}\
nav a{text-decoration:none;font-weight:500}\
nav a:hover,nav a:focus{text-decoration:underline}\
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:12px;\
list-style:none;margin:20px 0 0;padding:0}\
.figures li{background:var(--card);border:1px solid var(--border);border-left:5px solid var(--border);\
border-radius:8px;padding:10px 14px}\
.figures b{display:block;font-size:1.6rem;line-height:1.25;font-variant-numeric:tabular-nums}\
.figures span{color:var(--dim)}\
.warnings{list-style:none;padding:0;margin:18px 0 0}\
.warnings li{border-left:5px solid var(--red);background:var(--lane);padding:8px 14px;\
margin-bottom:8px;border-radius:0 8px 8px 0;overflow-wrap:anywhere}\
.scroll{overflow-x:auto;max-width:100%;border:1px solid var(--border);border-radius:8px}\
.scroll:focus-visible{outline:3px solid var(--accent)}\
figure{margin:0}\
figure svg{display:block;margin:0 auto;width:100%;min-width:1000px;max-width:1400px;height:auto}\
figcaption{color:var(--dim);margin-top:8px;font-size:.9rem}\
table{border-collapse:collapse;width:100%;font-size:.93rem}\
caption{text-align:left;color:var(--dim);padding:8px 12px}\
th,td{text-align:left;vertical-align:top;padding:7px 12px;border-bottom:1px solid var(--border)}\
tbody tr:last-child>*{border-bottom:0}\
tfoot th,tfoot td{border-top:2px solid var(--border);border-bottom:0;font-weight:600}\
th{font-weight:600}\
thead th{background:var(--lane);color:var(--dim);font-size:.85rem}\
.resource{width:38%}.kind{width:34%}td p{margin:0}.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
code,.mono{font-family:ui-monospace,\"SF Mono\",Menlo,Consolas,\"DejaVu Sans Mono\",monospace;\
font-size:.88em;overflow-wrap:anywhere}\
.bar{width:30%}\
.bar i{display:block;height:10px;border-radius:5px;background:var(--blue2);margin-top:6px;min-width:2px}\
.tag{display:inline-block;border-radius:4px;border:1px solid;padding:0 7px;font-size:.85rem;\
font-weight:600;white-space:nowrap}\
.ink-green{color:var(--green)}.ink-cyan{color:var(--cyan)}.ink-amber{color:var(--amber)}\
.ink-purple{color:var(--purple)}.ink-red{color:var(--red)}.ink-grey{color:var(--grey)}\
.figures .ink-green{border-left-color:var(--green)}.figures .ink-cyan{border-left-color:var(--cyan)}\
.figures .ink-amber{border-left-color:var(--amber)}\
.figures .ink-purple{border-left-color:var(--purple)}\
.figures .ink-red{border-left-color:var(--red)}\
.figures li{color:var(--ink)}\
.values{margin:4px 0 0;padding:0;list-style:none}\
.values li{margin:3px 0;overflow-wrap:anywhere}\
.values pre{margin:2px 0;white-space:pre-wrap;overflow-wrap:anywhere;padding:4px 8px;\
border-left:3px solid var(--border);font-size:.85em}\
.values .before{border-color:var(--red)}.values .after{border-color:var(--green)}\
summary{cursor:pointer;font-weight:500}\
summary:focus-visible{outline:3px solid var(--accent)}\
.outputs dt{font-weight:600;margin-top:10px}.outputs dd{margin:0}\
.chart{min-width:560px;padding:10px 0}\
.chart li{display:grid;grid-template-columns:minmax(180px,32%) 1fr 70px;gap:10px;padding:2px 12px;\
align-items:center;font-size:.88rem}\
.chart ol{list-style:none;margin:0;padding:0}\
.chart svg{display:block;width:100%;height:12px}\
.chart rect{fill:var(--blue1)}.chart .critical rect{fill:var(--purple)}\
.chart .critical .mono{font-weight:700}\
footer{color:var(--dim);font-size:.88rem;margin-top:44px;padding-bottom:40px}\
@media(max-width:640px){header,main,footer{padding-left:14px;padding-right:14px}\
nav ul{padding:9px 14px}h1{font-size:1.5rem}.bar{display:none}\
th,td{padding:6px 9px}\
.stack thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}\
.stack tr,.stack td,.stack th,.stack tbody{display:block}\
.stack tr{border-bottom:1px solid var(--border);padding:4px 0}\
.stack td,.stack th{border:0;padding:2px 9px}}\
@media print{@page{margin:14mm}\
body{font-size:10.5pt}nav{display:none}\
h2{break-after:avoid}h3{break-after:avoid}tr,li{break-inside:avoid}\
.scroll{overflow:visible;border:0}\
figure{break-inside:avoid}figure svg{min-width:0;max-height:205mm}\
details::details-content{content-visibility:visible;height:auto}\
a{color:inherit;text-decoration:none}}";
