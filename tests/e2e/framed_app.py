"""A very small embedded app, so that the admin shell and its scripts can be tried without the real one."""

import jwt
from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><meta name="shopify-api-key" content="{key}">
<script src="{cdn}/shopifycloud/app-bridge.js"></script><script src="{cdn}/shopifycloud/polaris-1.js"></script></head><body>
<s-app-nav><a href="/app" rel="home">Home</a><s-link href="/app/vendors">Vendors</s-link><s-link href="/app/form">Form</s-link></s-app-nav>"""

VENDORS = [
    ("Ada's Ceramics", "ada@example.com", "success", "Approved", "$1,204.50"),
    ("Bea's Bakery", "bea@example.com", "warning", "Pending", "$0.00"),
    ("Dee's Dyes", "dee@example.com", "critical", "Suspended", "$88.10"),
]
ROW = """<s-table-row clickdelegate="v{i}"><s-table-cell><s-link id="v{i}" tone="neutral" href="/app/form">{name}</s-link></s-table-cell>
<s-table-cell><s-badge tone="{tone}">{state}</s-badge></s-table-cell><s-table-cell>{mail}</s-table-cell><s-table-cell>{sum}</s-table-cell></s-table-row>"""
LIST = """<s-page heading="Vendors" inlinesize="large"><s-button slot="primary-action" variant="primary" href="/app/form">Add vendor</s-button>
<s-button slot="secondary-actions" commandfor="more">More</s-button><s-menu id="more"><s-button icon="export">Export</s-button></s-menu>
<s-section padding="none"><s-table><form slot="filters" method="get" action="/app/vendors"><input type="hidden" name="shop" value="{shop}">
<s-grid gap="small-200" gridtemplatecolumns="@container (inline-size <= 500px) 1fr, 1fr auto"><s-search-field name="q" label="Search" labelaccessibilityvisibility="exclusive" placeholder="Search vendors" value="{q}"></s-search-field>
<s-select name="state" label="State" labelaccessibilityvisibility="exclusive"><s-option value="">Any state</s-option><s-option value="approved">Approved</s-option></s-select></s-grid></form>
<s-table-header-row><s-table-header listslot="primary">Vendor</s-table-header><s-table-header listslot="inline">State</s-table-header>
<s-table-header listslot="secondary">E-mail</s-table-header><s-table-header format="currency">Balance</s-table-header></s-table-header-row><s-table-body>{rows}</s-table-body></s-table></s-section></s-page>"""
FORM = """<form id="settings" data-save-bar method="post"><s-page heading="Ada's Ceramics"><s-link slot="breadcrumb-actions" href="/app/vendors">Vendors</s-link>
<s-button slot="secondary-actions" tone="critical" commandfor="sure" command="--show">Suspend</s-button>
<s-banner slot="supplemental-start" tone="warning" heading="Payout details are missing" dismissible>Ada cannot be paid until she adds a bank account.<s-button slot="secondary-actions">Remind Ada</s-button></s-banner>
<s-section heading="Profile"><s-text-field name="name" label="Name" value="Ada's Ceramics" required details="As customers see it"></s-text-field>
<s-email-field name="email" label="E-mail" value="ada" error="Write an address like name@example.com"></s-email-field>
<s-text-area name="about" label="About" rows="3" value="Hand-thrown cups."></s-text-area>
<s-grid gap="base" gridtemplatecolumns="1fr 1fr"><s-number-field name="rate" label="Commission" value="12.5" step="0.5" suffix="%"></s-number-field><s-money-field name="fee" label="Fee" value="1.00" currencycode="EUR"></s-money-field></s-grid>
<s-date-field name="since" label="Since" value="2026-01-02"></s-date-field></s-section>
<s-section heading="Choices"><s-checkbox name="auto" label="Approve products automatically" details="Skips the review queue" checked></s-checkbox>
<s-switch name="mail" label="Send e-mails"></s-switch>
<s-choice-list name="pay" label="Paid by"><s-choice value="iban" selected>Bank transfer<s-text slot="details">Within two days</s-text></s-choice><s-choice value="paypal">PayPal</s-choice></s-choice-list>
<s-select name="country" label="Country" value="de"><s-option value="at">Austria</s-option><s-option value="de">Germany</s-option></s-select></s-section>
<s-section slot="aside" heading="Status"><s-stack direction="inline" gap="small-200"><s-badge tone="success" icon="check-circle">Approved</s-badge><s-badge tone="info">New</s-badge><s-badge tone="caution">Late</s-badge></s-stack>
<s-divider></s-divider><s-stack direction="inline" gap="small" alignitems="center"><s-avatar initials="AC" alt="Ada"></s-avatar><s-text>Ada</s-text><s-thumbnail alt=""></s-thumbnail><s-spinner></s-spinner></s-stack>
<s-progress value="0.4" accessibilitylabel="Set up"></s-progress><s-unordered-list><s-list-item>Cups</s-list-item><s-list-item>Plates</s-list-item></s-unordered-list>
<s-chip removable>Clay</s-chip><s-icon type="info" interestfor="tip"></s-icon><s-tooltip id="tip">Since January</s-tooltip></s-section>
<s-section slot="aside"><s-empty-state heading="No products yet"><s-icon slot="graphic" type="product"></s-icon><s-text slot="subheading">Ada's products appear here.</s-text><s-button slot="primary-action" variant="primary">Invite Ada</s-button></s-empty-state></s-section>
</s-page></form><s-modal id="sure" heading="Suspend Ada's Ceramics?"><s-paragraph>Her products leave the store.</s-paragraph><s-button slot="secondary-actions" commandfor="sure" command="--hide">Cancel</s-button><s-button slot="primary-action" variant="primary" tone="critical">Suspend</s-button></s-modal>"""


def create_app(cdn: str, key: str, secret: str) -> Flask:
    """Pages /app, /app/vendors, /app/form, data at /app/whoami; each asks for a token and bounces without one."""
    site = Flask("framed")
    seen: list[str] = []
    site.extensions["seen"] = seen

    @site.before_request
    def require_token() -> BaseResponse | None:
        if request.path == "/bounce":
            return None
        header = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            jwt.decode(request.args.get("id_token") or header, secret, algorithms=["HS256"], audience=key, leeway=10)
        except jwt.InvalidTokenError:
            if request.headers.get("Sec-Fetch-Dest") != "iframe":
                answer = Response("token", 401)
                answer.headers["X-Shopify-Retry-Invalid-Session-Request"] = "1"
                return answer
            seen.append(f"bounce {request.path}")
            return redirect("/bounce?" + _encode(request.full_path))
        return None

    @site.get("/bounce")
    def bounce() -> str:
        return f'<script data-api-key="{key}" src="{cdn}/shopifycloud/app-bridge.js"></script>'

    @site.get("/")
    def index() -> BaseResponse:
        return redirect(request.full_path.replace("/?", "/app?", 1))

    @site.get("/app")
    def home() -> str:
        return (
            HEAD.format(title="Home", cdn=cdn, key=key) + "<s-page heading='Home'><s-section>Hello</s-section></s-page>"
        )

    @site.get("/app/vendors")
    def vendors() -> str:
        q = request.args.get("q", "")
        rows = "".join(
            ROW.format(i=i, name=n, mail=m, tone=t, state=s, sum=b)
            for i, (n, m, t, s, b) in enumerate(VENDORS)
            if q.lower() in n.lower()
        )
        shop = request.args.get("shop", "")
        return HEAD.format(title="Vendors", cdn=cdn, key=key) + LIST.format(rows=rows, q=q, shop=shop)

    @site.get("/app/form")
    def form() -> str:
        return HEAD.format(title="Ada", cdn=cdn, key=key) + FORM

    @site.route("/app/whoami", methods=["GET", "POST"])
    def whoami() -> dict[str, object]:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, secret, algorithms=["HS256"], audience=key, leeway=10)
        return {"sub": claims["sub"], "dest": claims["dest"], "form": request.form.to_dict(flat=False)}

    return site


def _encode(path: str) -> str:
    return "shopify-reload=" + path.rstrip("?").replace("%", "%25").replace("&", "%26").replace("?", "%3F")
