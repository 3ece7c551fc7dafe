"""What receipts say, in the languages documents are printed in. A receipt is complete in each of them."""

from __future__ import annotations

from prorata.invoices.paper.words import Language, say_of

# Each sentence in the order of LANGUAGES; {names} stand for what a receipt fills in.
WORDS: dict[str, tuple[str, str, str]] = {
    "receipt": ("Receipt", "領収書", "收据"),
    "notice": (
        "This confirms a payment. It is not a tax document: the tax is on invoice {invoice}.",
        "お支払いを受領したことの確認です。税務書類ではありません。税額は請求書 {invoice} に記載されています。",
        "本收据仅确认收到款项，不是税务单据。税额见账单 {invoice}。",
    ),
    "notice_unsettled": (
        "This confirms a payment. It is not a tax document.",
        "お支払いを受領したことの確認です。税務書類ではありません。",
        "本收据仅确认收到款项，不是税务单据。",
    ),
    "taken_back": (
        "Taken back on {date}: the transfer had been assigned here by mistake. This receipt does not count any more.",
        "{date} に取り消されました。お振込みが誤ってこちらに充当されていたためです。この領収書は無効です。",
        "已于 {date} 撤销：该转账被误记于此。本收据不再有效。",
    ),
    "received_from": ("Received from", "お支払い元", "付款方"),
    "date": ("Received", "入金日", "收款日期"),
    "method": ("Method", "お支払い方法", "支付方式"),
    "invoice": ("Invoice", "請求書", "账单"),
    "service": ("Service", "サービス", "服务"),
    "change": ("Change", "変更", "变更"),
    "payment_reference": ("Payment reference", "決済の参照番号", "支付参考编号"),
    "went_to": ("What it went to", "充当先", "用途"),
    "amount": ("Amount ({currency})", "金額（{currency}）", "金额（{currency}）"),
    "to_invoice": ("Invoice {invoice}", "請求書 {invoice}", "账单 {invoice}"),
    "to_credit": ("Account credit", "アカウントクレジット", "账户余额"),
    "surplus": (
        "More was paid than was due.", "請求額を超えるお支払いの分です。", "超出应付金额的部分。",
    ),
    "late": (
        "It came when nothing was due any more.", "お支払いの必要がなくなった後の入金です。", "到账时已无应付款项。",
    ),
    "held": ("Held apart", "お預かり", "另行保管"),
    "held_why": (
        "It came in another currency than the invoice's; our staff decide with you what becomes of it.",
        "請求書と異なる通貨での入金です。取り扱いはお客様と相談のうえ決めます。",
        "款项币种与账单不同，我们将与您商定如何处理。",
    ),
    "returned": (
        "The invoice was closed before it was covered; this became account credit on {date}.",
        "全額のお支払い前に請求書が終了したため、{date} にアカウントクレジットになりました。",
        "账单在付清前已关闭，该款项于 {date} 转为账户余额。",
    ),
    "total": ("Received", "入金額", "实收金额"),
}  # fmt: skip


def say(key: str, language: Language, **fills: object) -> str:
    """One sentence of a receipt. KeyError for a sentence that there is not."""
    return say_of(WORDS, key, language, **fills)
