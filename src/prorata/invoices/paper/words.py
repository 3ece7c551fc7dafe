"""What documents say, in the languages they are printed in.

Apart from the portal's catalogue: a document is complete in each of its languages, or it is not printed in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

Language = Literal["en", "ja", "zh-hans"]
LANGUAGES: tuple[Language, ...] = ("en", "ja", "zh-hans")

# Each sentence in the order of LANGUAGES; {names} stand for what a document fills in.
WORDS: dict[str, tuple[str, str, str]] = {
    "invoice": ("Invoice", "請求書", "账单"),
    "pro_forma": ("Pro-forma invoice", "プロフォーマ請求書", "形式账单"),
    "credit_note": ("Credit note", "返還請求書", "贷项通知单"),
    "qualified_invoice": ("Qualified invoice (Japan)", "適格請求書", "合格发票（日本）"),
    "qualified_return": ("Qualified return invoice (Japan)", "適格返還請求書", "合格退还发票（日本）"),
    "to_be_paid": (
        "This is not a tax invoice yet. The legal number comes with the payment. Pay until {time}.",
        "これはまだ適格請求書等の税務書類ではありません。正式な番号は入金時に付きます。お支払い期限：{time}",
        "本单据尚非正式税务账单，付款后才会取得正式编号。请在 {time} 前付款。",
    ),
    "cancelled": (
        "Cancelled. Nothing is to be paid, and this is not a tax invoice.",
        "取り消されました。お支払いは不要です。これは税務書類ではありません。",
        "已取消。无需付款，本单据不是税务账单。",
    ),
    "expired": (
        "Expired. Nothing is to be paid, and this is not a tax invoice.",
        "期限切れです。お支払いは不要です。これは税務書類ではありません。",
        "已过期。无需付款，本单据不是税务账单。",
    ),
    "seller": ("Seller", "発行者", "卖方"),
    "buyer": ("Customer", "宛先", "客户"),
    "buyer_name": ("{name}", "{name} 様", "{name}"),
    "registration_number": ("Registration number {number}", "登録番号 {number}", "登记号 {number}"),
    "vat_number": ("VAT number {number}", "VAT番号 {number}", "增值税号 {number}"),
    "tax_number": ("Tax number {number}", "税務番号 {number}", "税号 {number}"),
    "date": ("Date", "発行日", "开具日期"),
    "transaction_date": ("Transaction date", "取引年月日", "交易日期"),
    "return_date": ("Date of return", "返還年月日", "退还日期"),
    "original_date": ("Original transaction", "元の取引年月日", "原交易"),
    "of_invoice": ("{date}, {invoice}", "{date}、{invoice}", "{date}，{invoice}"),
    "without_invoice": ("{date}, no invoice here", "{date}（当社の請求書なし）", "{date}（本公司无账单）"),
    "reference": ("Reference", "参照番号", "参考编号"),
    "service": ("Service", "サービス", "服务"),
    "change": ("Change", "変更", "变更"),
    "reason": ("Reason", "理由", "原因"),
    "reduced": ("resources were reduced", "リソースの縮小", "资源缩减"),
    "reversed": ("could not be delivered", "提供できなかったため", "未能交付"),
    "what": ("Description", "内容", "内容"),
    "period": ("Period", "期間", "期间"),
    "from_to": ("{start} to {end}", "{start} 〜 {end}", "{start} 至 {end}"),
    "amount": ("Amount ({currency})", "金額（{currency}）", "金额（{currency}）"),
    "amount_with_tax": ("Amount with tax ({currency})", "税込金額（{currency}）", "含税金额（{currency}）"),
    "amount_before_tax": ("Amount before tax ({currency})", "税抜金額（{currency}）", "税前金额（{currency}）"),
    "rate": (
        "{old} to {new} a month, for {months} months",
        "月額 {old} → {new}、{months} か月分",
        "月价 {old} → {new}，{months} 个月",
    ),
    "rate_off": (
        "{old} to {new} a month, {off} off, for {months} months",
        "月額 {old} → {new}、{off} 割引、{months} か月分",
        "月价 {old} → {new}，优惠 {off}，{months} 个月",
    ),
    "rate_two_off": (
        "{old} to {new} a month, {old_off} off before and {off} off now, for {months} months",
        "月額 {old} → {new}、割引は変更前 {old_off}・変更後 {off}、{months} か月分",
        "月价 {old} → {new}，变更前优惠 {old_off}、变更后优惠 {off}，{months} 个月",
    ),
    "rate_term": ("{new} a month, for {months} months", "月額 {new}、{months} か月分", "月价 {new}，{months} 个月"),
    "rate_term_off": (
        "{new} a month, {off} off, for {months} months",
        "月額 {new}、{off} 割引、{months} か月分",
        "月价 {new}，优惠 {off}，{months} 个月",
    ),
    "capped": ("what was paid for it and is not used yet", "お支払い済みで未使用の分", "已支付但尚未使用的部分"),
    "reduces": ("reduces {invoice}, line {line}", "{invoice} の {line} 行目を減額", "冲减 {invoice} 第 {line} 行"),
    "reduces_opening": (
        "reduces what was paid before the machine came into these books; there is no invoice for it here",
        "当社の帳簿に移る前のお支払い分を減額（当社発行の請求書はありません）",
        "冲减纳入本公司账目之前支付的部分（本公司未开具账单）",
    ),
    "reduces_change": (
        "reduces what change {change} brought; it had no invoice",
        "変更 {change} による分を減額（請求書はありません）",
        "冲减变更 {change} 带来的部分（无账单）",
    ),
    "minimum_charge": ("Minimum charge", "最低料金の差額", "最低收费差额"),
    "voucher": ("Voucher {code}", "クーポン {code}", "代金券 {code}"),
    "subtotal": ("Subtotal", "小計", "小计"),
    "before_tax": ("Before tax", "税抜金額", "税前金额"),
    "tax": ("Tax", "税", "税"),
    "consumption_tax": ("Consumption tax", "消費税", "消费税"),
    "vat": ("VAT", "付加価値税", "增值税"),
    "tax_line": ("{tax} {rate}", "{tax}（{rate}）", "{tax}（{rate}）"),
    "total": ("Total", "合計", "合计"),
    "given_back": ("Given back", "返還額合計", "退还合计"),
    "as_account_credit": ("as account credit", "アカウントクレジットとして", "退为账户余额"),
    "as_gifted_credit": ("as gifted credit", "付与クレジットとして", "退为赠送余额"),
    "account_credit": ("Paid from account credit", "アカウントクレジットでのお支払い", "以账户余额支付"),
    "gifted_credit": ("Paid from gifted credit", "付与クレジットでのお支払い", "以赠送余额支付"),
    "paid": ("Paid", "お支払い済み", "已支付"),
    "to_pay": ("To pay", "お支払い残額", "待支付"),
    "tax_summary": ("Tax", "税率ごとの合計", "按税率汇总"),
    "tax_rate": ("Rate", "税率", "税率"),
    "tax_base": ("Base", "対象額（税抜）", "税基（不含税）"),
    "tax_amount": ("Tax", "消費税額等", "税额"),
    "tax_gross": ("With tax", "税込額", "含税额"),
    "untaxed": ("not taxed", "対象外", "不征税"),
    "currency_note": ("Amounts in {name} ({code}).", "金額の単位：{name}（{code}）", "金额单位：{name}（{code}）"),
    "einvoice": (
        "This file contains the same document as data: factur-x.xml (EN 16931).",
        "このファイルには同じ内容のデータ factur-x.xml（EN 16931）が含まれています。",
        "本文件内含同一单据的数据文件 factur-x.xml（EN 16931）。",
    ),
    "page": ("Page {page} of {pages}", "{page} / {pages} ページ", "第 {page} 页，共 {pages} 页"),
}  # fmt: skip


def say(key: str, language: Language, **fills: object) -> str:
    """One sentence of a document. KeyError for a sentence that there is not."""
    return say_of(WORDS, key, language, **fills)


def say_of(words: Mapping[str, Sequence[str]], key: str, language: Language, **fills: object) -> str:
    """One of `words`, each of which stands in every language. KeyError for one that there is not."""
    return words[key][LANGUAGES.index(language)].format(**fills)


def language_of(*wanted: str | None) -> Language:
    """The first of these that documents are printed in; English where none is."""
    return next((known for one in wanted for known in LANGUAGES if one == known), "en")
