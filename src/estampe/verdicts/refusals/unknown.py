"""Unknown: how servers say, in many languages, that they know nobody of this name."""

from __future__ import annotations

from estampe.verdicts.refusals.rule import these

UNKNOWN: frozenset[str] = frozenset().union(
    these(
        "user unknown | userunknown | unknown user | user is unknown | users unknown | unknown or illegal user | "
        "unknown or invalid user | no such user | nosuchuser | no such recipient | no such mailbox | "
        "no such mail box | no such person | no such address | no such email | no such account | no such local | "
        "no such id | no such mail drop | no such alias | no mailbox here | no mail-box here | "
        "no mailbox by that name | no mailbox found | sorry, no mailbox | mailbox unknown | unknown recipient | "
        "recipient unknown | recipient is unknown | recipients unknown | unknown address | unknown email | "
        "address unknown | address is unknown | addressee unknown | addressee is unknown | unknown mailbox | "
        "unknown account | unknown local part | unknown local-part | unknown virtual | unknown destination address | "
        "unknown to this | is unknown here | unknown or illegal alias | unknown alias"
    ),
    these(
        "user not found | user is not found | user was not found | user not known | usernotfound | "
        "mailbox not found | mailbox was not found | mailbox could not be found | mailboxnotfound | "
        "recipient not found | recipients not found | recipnotfound | recipientnotfound | recipient was not found | "
        "recipient address not found | address not found | address was not found | address_not_found | "
        "address couldn't be found | address could not be found | email address not found | account not found | "
        "accountnotfound | account was not found | alias not found | not found in*directory | "
        "not found in*database | not found in ldap | not found on this | not found at this | not found here | "
        "n'existe plus | n'est pas valide | not present in directory | badrcptto | badrecipientto | validrcptto | "
        "can't accept user | cannot accept user | addresses were unknown | rejected recipients | "
        "is not an active address | mailbox not present | mailbox unavaiable | no account for | nessun utente | "
        "no existe dicha persona | no existe esa | not a local address | recipient not in | recipient not local | "
        "recipient not ok | recipient has been denied | domain or user isn't in my list | email name is not found | "
        "email address is wrong | missing home directory | username unknown | dosn't exist | unknown user name | "
        "user name unknown | not a user | not a valid recipient | no recipient by | recipient could not be found | "
        "recipient couldn't be found | group couldn't be found | not found in*table | "
        "not found by smtp address lookup | couldn't be found or is invalid | entered couldn't be found | "
        "unable to find alias | unable to find user | could not find user | cannot find user | can't find user | "
        "recipient name is not recognized | recipient unrecognized | recipient not recognized | "
        "recipient not recognised | address not recognized | not recognized as a valid | is not recognized as | "
        "not listed in*directory | not listed in*name | not listed in*address book | non-existent user | "
        "nonexistent user | non existent user | non-existent recipient | non-existent mailbox | "
        "nonexistent mailbox | non-existent address | nonexistent address | non-existent email"
    ),
    these(
        "user does not exist | user doesn't exist | user doesnt exist | user dose not exist | user not exist | "
        "users do not exist | user you are trying to contact does not exist | account does not exist | "
        "account doesn't exist | account that you tried to reach does not exist | "
        "account*tried to reach*does not exist | account may not exist | mailbox does not exist | "
        "mailbox doesn't exist | mailbox not exist | mailbox not exists | maildir does not exist | "
        "recipient does not exist | recipient doesn't exist | recipient not exist | recipients do not exist | "
        "recipient(s) do not exist | address does not exist | address doesn't exist | address you*does not exist | "
        "alias does not exist | person does not exist | does not exist here | does not exist on this | "
        "doesn't exist on this | does not exist at this | does not exist in our | inbox does not exist | "
        "name does not exist | no longer exists | recipient no longer exist | doesn't have a*account | "
        "does not have a*account | doesn't have an*account | does not have an*account | doesn't have a mailbox | "
        "does not have a mailbox | has no mailbox | have no mailbox | don't have a mailbox"
    ),
    these(
        "not a known user | not a known recipient | not a valid mailbox | not a valid user | not a valid recipient | "
        "not a valid inbox | not a valid account | not a valid local | not a registered | not a local user | "
        "not a local mailbox | not a user of | not our customer | not a customer | not known here | "
        "not known to us | not known to this | not known at this | is not a recipient | no account by that name | "
        "no account with | no user by that name | no user with | no local user | no one with that | "
        "no one by that name | nobody by that name | nobody here by | no person by that name | "
        "no valid recipients for this mm | no mailbox for | no mail box available | there is no one at this | "
        "there is no account | there is no mailbox | there is no user | there is no such | this is not a valid | "
        "we have no mailbox | cannot deliver mail for | can't deliver mail for | "
        "server doesn't handle mail for that user"
    ),
    these(
        "invalid recipient | invalid-recipient | invalidrecipient | recipient is invalid | recipient invalid | "
        "recipient address is invalid | recipients are invalid | recipient address invalid | recipient(s) invalid | "
        "invalid mailbox | mailbox is invalid | mailbox invalid | invalid user | user is invalid | user invalid | "
        "invalid account | invalid address | invalid or unknown | invalid local | invalid alias | "
        "invalid destination | invalid final delivery user | invalid email address | invalid inbox | "
        "address is invalid | address invalid | illegal user | illegal alias | bad recipient | bad user | "
        "bad destination mailbox | bad destination email | unrouteable address | unroutable address | "
        "undeliverable address | incorrectly addressed | recipient address could not be verified | "
        "recipient cannot be verified | recipient verify failed | recipient verification failed | "
        "could not verify recipient | unable to verify recipient | unable to validate recipient | "
        "unverified recipient | recipient unavailable | account is not available | rcpt to:*not known"
    ),
    these(
        "destinataire invalide | destinataire inconnu | destinataire inexistant | destinataire inexistante | "
        "destinataires invalides | adresse inconnue | adresse inexistante | adresse invalide | utilisateur inconnu | "
        "utilisateur inexistant | compte inexistant | compte inconnu | boite inexistante | boîte inexistante | "
        "n'existe pas | unbekannter empf | empfänger unbekannt | empfaenger unbekannt | unbekannter benutzer | "
        "benutzer unbekannt | adressat unbekannt | empfänger existiert nicht | empfaenger existiert nicht | "
        "benutzer existiert nicht | existiert nicht | kein postfach | postfach nicht gefunden | "
        "usuario desconocido | usuario no existe | usuario inexistente | no existe el usuario | "
        "no existe ese usuario | destinatario desconocido | destinatario no existe | direccion no existe | "
        "dirección no existe | cuenta no existe | cuenta inexistente | buzon no existe | buzón no existe | "
        "buzon inexistente | destinatario sconosciuto | destin. sconosciuto | destinatario errato | "
        "destinatario inesistente | utente sconosciuto | utente inesistente | utente non trovato | "
        "indirizzo inesistente | indirizzo sconosciuto | casella inesistente | mailbox inesistente | "
        "usuário desconhecido | usuario desconhecido | usuário inexistente | destinatário desconhecido | "
        "destinatario desconhecido | destinatário inexistente | conta inexistente | caixa postal inexistente | "
        "endereço inexistente | nie istnieje | nie ma takiego | uzivatel neexistuje | neexistuje | "
        "onbekende gebruiker | gebruiker onbekend | okänd användare | ukendt modtager | ukjent mottaker"
    ),
    these(
        "нет такого | не существует | пользователь не найден | получатель не найден | ящик не найден | "
        "адрес не найден | неизвестный пользователь | 用户不存在 | 收件人不存在 | 邮箱不存在 | 帐号不存在 | "
        "账号不存在 | 邮件帐户不存在 | 地址不存在 | 使用者不存在 | 收件者不存在 | 信箱不存在 | "
        "ユーザーが見つかりません | ユーザが見つかりません | 見つかりません | 存在しません | ユーザー不明 | "
        "宛先不明 | ディレクトリには見つかりません | 존재하지 않는"
    ),
)
"""How servers say that they know nobody of this name."""
