"""The words of a post-loan authorization: refusing it changes nothing about the loan."""

from typing import Final

from yidaitong.kernel.text import Text

ENTERPRISE: Final = Text(
    "企业贷后信息查询授权书\n"
    "\n"
    "本企业{name}（统一社会信用代码{uscc}）授权{platform}平台：为“{purpose}”，"
    "在{starts}至{ends}（北京时间）期间，向以下部门查询以下信息，仅提供给{bank}{branch}：\n"
    "{lines}\n"
    "银行保存至{keep}。贷款结清时本授权自动终止。可随时在“我的授权”撤回，撤回后立即停止查询，"
    "已提供的信息按约定期限删除。{consequences}"
    "是否同意由本企业自愿决定：不同意不影响已发放的贷款，也不影响其他服务。\n"
    "文本版本{version}，摘要{digest}。\n",
    "Authorization to query information of an enterprise after a loan was paid out\n"
    "\n"
    "{name} (unified social credit code {uscc}) authorizes the platform {platform}: for "
    "“{purpose}”, from {starts} to {ends} (Beijing time), to ask the departments below for the "
    "information below, and to hand it to {bank} {branch} only:\n"
    "{lines}\n"
    "The bank keeps it for {keep}. This authorization ends by itself when the loan is settled. "
    "You can withdraw at any time under “My authorizations”: queries stop at once and what was "
    "handed over is deleted within the agreed time. {consequences} Agreeing is voluntary: "
    "refusing affects neither the loan that was paid out nor any other service.\n"
    "Version {version} of this text, digest {digest}.\n",
)
INDIVIDUAL: Final = Text(
    "个体工商户经营者贷后信息查询授权书\n"
    "\n"
    "本人{name}作为{company}（统一社会信用代码{uscc}）经营者，同意{platform}平台："
    "为“{purpose}”，在{starts}至{ends}（北京时间）期间，向以下部门查询以下信息，"
    "仅提供给{bank}{branch}：\n"
    "{lines}\n"
    "以上均为本人个人信息，不提供证件号码和手机号。银行保存至{keep}。贷款结清时本授权自动终止。"
    "可随时在“我的授权”撤回，撤回后立即停止查询，已提供的信息按约定期限删除。{consequences}"
    "是否同意由本人自愿决定：不同意不影响已发放的贷款，也不影响其他服务。\n"
    "文本版本{version}，摘要{digest}。\n",
    "Authorization of the owner of an individual business after a loan was paid out\n"
    "\n"
    "I, {name}, owner of {company} (unified social credit code {uscc}), agree that the platform "
    "{platform}, for “{purpose}”, from {starts} to {ends} (Beijing time), asks the departments "
    "below for the information below and hands it to {bank} {branch} only:\n"
    "{lines}\n"
    "All of this is my personal information; neither the number of my document nor that of my "
    "phone is given. The bank keeps it for {keep}. This authorization ends by itself when the "
    "loan is settled. I can withdraw at any time under “My authorizations”: queries stop at once "
    "and what was handed over is deleted within the agreed time. {consequences} Agreeing is "
    "voluntary: refusing affects neither the loan that was paid out nor any other service.\n"
    "Version {version} of this text, digest {digest}.\n",
)
CONSEQUENCES: Final = Text(
    "撤回后停止取数，已取数据7日内删除；已发放的贷款不受影响。",
    "After withdrawal no more data is fetched and fetched data is deleted within 7 days; "
    "the loan that was paid out is not affected.",
)
