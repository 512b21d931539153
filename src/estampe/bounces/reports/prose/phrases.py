# ruff: noqa: RUF001  words of many languages
"""Phrases: how programs say, in many languages, that a message failed or is late; and what they say besides.

All are in small letters; they are looked for in texts of small letters whose spaces are single.
"""

from __future__ import annotations


def _of(phrases: str) -> tuple[str, ...]:
    return tuple(phrases.split(" | "))


SUBJECTS = _of(
    "considered unsolicited bulk | delayed mail | undeliver | non-deliver | nondeliver | not deliver | "
    "could not be delivered | "
    "couldn't be delivered | "
    "delivery fail | failed delivery | delivery has failed | failure delivery | delivery status | delivery "
    "notification | delivery error | delivery problem | delivery report | delivery delayed | delivery incomplete "
    "| delivery attempt | delivery warning | permanent delivery | failure notice | failed mail | mail failure | "
    "mail error | mail system error | message failure | returned mail | mail returned | returned to sender | "
    "return to sender | returning message | returned message | message returned | mail delivery | email delivery "
    "| unable to deliver | cannot send message | cannot be delivered | can't be delivered | user unknown | "
    "unknown user | bounced | rejected mail | mail rejected | message rejected | warning: message | warning: "
    "could not send | error sending | blocked message | message blocked | ndr: | nachricht wurde nicht | "
    "unzustellbar | nicht zugestellt | zustellung | zustellbar | non remis | non distribu | non délivr | échec "
    "de | echec de | remise impossible | retour de courrier | état de remise | n'a pas pu être | no se pudo "
    "entregar | no se ha podido entregar | no entregado | no se puede entregar | error de entrega | estado de "
    "entrega | mensaje devuelto | correo devuelto | não entregue | não foi possível entregar | falha na entrega "
    "| falha de entrega | não é possível entregar | devolvid | recapitabil | mancato recapito | mancata consegna "
    "| impossibile recapitare | impossibile consegnare | non consegnat | onbestelbaar | niet bezorgd | niet "
    "afgeleverd | bezorging | kan inte levereras | kunde inte levereras | obeställbart | ikke leveres | ikke "
    "levere | ikke leveret | ikke leverbar | uleverlig | ei voitu toimittaa | toimittaminen epäonnistui | "
    "niedostarcz | nie dostarcz | nie można dostarczyć | nedoruč | nelze doručit | kézbesíthet | nu a putut fi "
    "livrat | nelivrat | teslim edilemedi | iletilemedi | gönderilemedi | не доставлен | недоставлен | не может "
    "быть доставлен | не удалось доставить | сбой доставки | доставка не | возврат письма | не вдалося доставити "
    "| δεν παραδόθηκε | αδυναμία παράδοσης | תעذر | تعذر تسليم | 配信不能 | 配信できません | 配信エラー | "
    "配信失敗 | 送信エラー | 送信失敗 | 送信できません | メールエラー | エラーメール | 不達 | 未配信 | 配送でき "
    "| 配達不能 | 届けできません | 退信 | 退件 | 無法傳遞 | 無法投遞 | 無法送達 | 无法投递 | 无法送达 | 投递失败 "
    "| 投遞失敗 | 未送达 | 未能送達 | 发送失败 | 傳送失敗 | 전송 실패 | 반송 | 배달되지 | 배달할 수 | 전달 실패 "
    "| 발송 실패 | 발송실패 | không gửi được | gagal terkirim | tidak terkirim"
)
"""In the subjects of reports."""

FAILURES = _of(
    "delivery of the email was stopped | no se puede localizar | impossible de joindre | impossibile raggiungere | "
    "nicht erreicht werden | não foi possível localizar | considered unsolicited bulk | did not receive the message | "
    "did not receive this message | "
    "n'est pas parvenu "
    "| n'a pas été remis | introuvable | gick inte att leverera | kan ikke levere til | epäonnistui | mislykkedes | "
    "nie powiodło się | se nezdařilo | is mislukt | kézbesítés nem | nu a reușit | recapito non riuscito | falha na "
    "entrega | απέτυχε | не удалось выполнить доставку | 未能向以下 | 无法发送到 | 傳遞至下列 | 배달하지 못 | bestaat "
    "niet | invalid final delivery | automatically rejected | has been postponed | "
    "could not be delivered | couldn't be delivered | cannot be delivered | can't be delivered | can not be "
    "delivered | could not deliver | couldn't deliver | cannot deliver | not be delivered | was not delivered | "
    "were not delivered | wasn't delivered | not delivered | undeliverable | undelivered | unable to deliver | "
    "unable to send | unable to be delivered | wasn't able to deliver | not able to deliver | failed to deliver "
    "| delivery failed | delivery has failed | delivery failure | failed permanently | permanent failure | "
    "permanent error | permanent fatal errors | fatal errors | delivery errors | delivery problems | delivery "
    "error | delivery to the following | did not reach | could not be reached | could not be sent | not been "
    "sent | cannot send | couldn't send | has been returned | returned to you | returned to sender | is being "
    "returned | message was rejected | was rejected by | been rejected | rejected your message | error occurred "
    "while | error was encountered | error delivering | following errors | following error | has been delayed | "
    "not yet been delivered | has not yet been | not been delivered | transcript "
    "of session | mail delivery error | problems delivering | problem delivering | trouble delivering | unknown "
    "user | user unknown | mailbox is full | mailbox full | over quota | bounced | no such user | mail system "
    "error | couldn't be found | message loop | failure reasons | non-delivered | does not exist | invalid user "
    "| invalid recipient | no valid recipients | konnte nicht zugestellt | nicht zugestellt | nicht zustellen | "
    "nicht ausgeliefert | unzustellbar | fehlgeschlagen | fehler bei der | n'a pas pu être | n'a pu être | n'ont "
    "pas pu | pas été remis | pas été délivré | non remis | échec de la remise | impossible de remettre | "
    "impossible de délivrer | impossible de livrer | erreur lors de | no se pudo | no se ha podido | no pudo ser "
    "| no ha sido entregado | no fue entregado | no se puede entregar | não pôde ser | não foi entregue | não "
    "foi possível | não pode ser entregue | falha ao | falha na entrega | non è stato possibile | impossibile | "
    "non è stato consegnato | non recapitato | niet worden bezorgd | niet bezorgd | niet worden afgeleverd | "
    "inte levereras | inte leverera | ikke leveres | ikke levere | ei voitu | nie można | nie może zostać | nie "
    "mogła zostać | nie została | nedoruč | doručit | nem kézbesíthető | nem sikerült | nu a putut | teslim "
    "edilemedi | iletilemedi | ulaştırılamadı | не может быть доставлен | не было доставлено | не доставлен | не "
    "удалось доставить | не смогли доставить | не вдалося | δεν ήταν δυνατή | δεν παραδόθηκε | تعذر | لم يتم "
    "تسليم | לא ניתן | 送信できません | 配信できません | 配送できません | お届けできません | "
    "届けることができません | 配信に失敗 | 送信に失敗 | エラーのため | 存在しません | 見つかりません | "
    "一杯のため | 配達できません | 无法投递 | 无法送达 | 未能送达 | 不能送达 | 发送失败 | 被退回 | 退回 | "
    "投递失败 | 無法傳遞 | 無法投遞 | 無法送達 | 無法寄達 | 배달되지 | 배달할 수 없 | 전송하지 못 | 전달되지 | "
    "보내지 못 | không thể gửi | tidak dapat dikirim"
)
"""In what reports say."""

DELAYS = _of(
    "has been postponed | is still in the queue | temporary problem delivering | delivery incomplete | "
    "hasn't been delivered yet | "
    "will be retried | will continue to | still trying | will keep trying | no need to resend | not need to "
    "resend | do not resend | don't need to resend | has been delayed | delivery is delayed | is delayed | "
    "delayed mail | warning message only | warning only | being retried | this is a warning | this is just a "
    "warning | this is only a warning | not yet been delivered | not yet delivered | has not been delivered yet "
    "| has not yet been | could not be delivered yet | could not yet be | had transient non-fatal errors | "
    "transient non-fatal | delivery attempts will continue | will try again | will be tried again | will be "
    "attempted again | temporarily unable to deliver | temporarily delayed | message is still in the queue | "
    "being queued | remains in the queue | queued and will | wird weiterhin versucht | noch nicht zugestellt | "
    "verzögert | weitere zustellversuche | toujours en attente | pas encore été | retardé | nouvelle tentative | "
    "aún no se ha | se seguirá intentando | se ha retrasado | retrasado | ainda não foi | continuará tentando | "
    "non è ancora stato | in ritardo | nog niet bezorgd | vertraagd | еще не доставлено | ещё не доставлено | "
    "задержан | 遅延 | 再送を試み | まだ配信され | 配信が遅れ | 尚未投递 | 延迟 | 延遲 | 지연"
)
"""Of a message that is late, and still tried."""

ENDS = _of(
    "giving up | given up | gave up | give up. sorry | permanent error | permanent failure | failed permanently "
    "| permanent fatal | permanently failed | no longer be tried | no further delivery attempts | will not be "
    "retried | not be retried | not going to try again | expired | returned to sender | undelivered mail "
    "returned | cannot send message for | delivery has failed | has failed permanently | delivery failure | "
    "delivery failed | has been removed from the queue | dauerhaft | définitive | permanente | недоставленное"
)
"""Of a message that is tried no more, whatever else is said of trying."""

DELIVERIES = _of(
    "is complete, but no delivery notification | "
    "was successfully delivered | has been successfully delivered | successfully delivered to | successfully "
    "relayed | was delivered to | has been delivered to the following | successful mail delivery report | "
    "delivery to the following recipients was successful | your message was delivered | message has been "
    "delivered | delivered successfully | erfolgreich zugestellt | a été remis | a bien été remis | se ha "
    "entregado | foi entregue com | è stato recapitato | доставлено успешно | успешно доставлено | "
    "配信されました | 正常に配信 | 投递成功"
)
"""Of a message that arrived."""

ANSWERS = _of(
    "out of office | out of the office | automatic reply | auto-reply | autoreply | auto reply | auto response | "
    "autoresponse | autoresponder | vacation | on holiday | away from my | abwesen | réponse automatique | "
    "absence | respuesta automática | fuera de la oficina | resposta automática | risposta automatica | fuori "
    "sede | afwezig | automatisch antwoord | frånvaro | автоответ | автоматический ответ | 自動返信 | 自動応答 | "
    "不在 | 自动回复 | 自動回覆 | 자동 응답 | thank you for contacting | we have received your | ticket"
)
"""In the subjects of answers of people's programs."""

CHATTER = _of(
    "please reply to | due to the following error | 无法发送到 | 您的邮件被退回 | 邮件主题 | 发送时间 | "
    "this message was created automatically | created automatically by | automatically generated | "
    "automatically-generated | a message that you sent could not | message that you sent | its recipients. this "
    "is | this is a permanent error | following address(es) failed | following address failed | i'm afraid i "
    "wasn't able | sorry it didn't work out | i'm not going to try again | giving up on | i'm sorry to have to "
    "inform | be delivered to one or more | for further assistance | if you do so, please | delete your own text "
    "| the mail system | this is the mail system | mail delivery agent | warning message only | do not need to "
    "resend | no action is required | delivery attempts will continue | some time, and this warning | remains "
    "undelivered | when that happens | message identifier is | the subject of the message is | the date of the "
    "message is | no further delivery attempts | this has been a permanent failure | the original message was "
    "received | transcript of session | following addresses had | had permanent fatal errors | delivery to the "
    "following | technical details | diagnostic information for administrators | generating server | delivery "
    "has failed to these | your message did not reach some | the following recipient(s) | did not reach the "
    "following | could not be reached | message will be retried | mts-id of the original | was not delivered to "
    "the following | please contact your | contact your postmaster | contact the postmaster | contact your "
    "system administrator | contact your administrator | please do not reply | do not reply to this | this is an "
    "automatic | this report relates | mime-encapsulated message | multi-part message in mime | body of message "
    "generated response | error message below | below is | message headers follow | reporting-mta | "
    "final-recipient | original-recipient | arrival-date | last-attempt-date | will-retry-until | other mxes "
    "tried | for more information | for more tips | customer support | unable to deliver mail | delivery failed "
    "for the following | the error that the other server returned | the response from the remote server | "
    "message sent on | diese nachricht wurde automatisch | ce message a été créé automatiquement | este mensaje "
    "ha sido creado | это письмо создано автоматически | рекомендуем вам проверить | 送信できませんでした | "
    "再送信してください | 直接返信いただけません | message details | subject: | sent: | remote system: | unable "
    "to deliver message to"
)
"""In lines of reports that do not tell why."""
