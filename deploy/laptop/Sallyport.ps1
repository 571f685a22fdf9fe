<#
.SYNOPSIS
  The laptop's side of Sallyport for Windows: the twin of the script "sallyport", with the private key in the TPM.
  NOT RUN where it was written: no Windows machine was at hand. Try it on one laptop before you roll it out.
.DESCRIPTION
  Enroll  makes a P-256 key in the TPM (Microsoft Platform Crypto Provider, not exportable), checks the server against
          the pinned root, and trades a one-time code for a certificate. With -Ask an operator approves instead.
  Renew   once two thirds of the certificate's life are over, or with -Force. The key stays: it can't have been copied,
          and what an operator vouched for (keyProtection "hardware") holds for this key only.
  Join    asks to be admitted; prints the grant.
  Status  prints who this laptop is to the server.
  Leave   ends every grant of this laptop.
.EXAMPLE
  .\Sallyport.ps1 Enroll -Server https://sallyport.example.com:9443 -Device 0190a1b2-... -CaSha256 bcb767e7...
.NOTES
  Needs PowerShell 7.4 or newer on Windows 10 or 11 with a TPM 2.0. Exit codes as in "sallyport --help".
#>
[CmdletBinding()]
param(
  [Parameter(Mandatory, Position = 0)][ValidateSet('Enroll', 'Renew', 'Join', 'Status', 'Leave')][string] $Command,
  [uri] $Server,
  [uri] $Door,
  [guid] $Device,
  [ValidatePattern('^[0-9A-Fa-f:]+$')][string] $CaSha256,
  [switch] $Ask,
  [switch] $Force,
  [string] $Dir = (Join-Path $env:LOCALAPPDATA 'Sallyport')
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$Refused = 2; $Later = 3; $Untrusted = 4; $Unreachable = 5; $Local = 6

function Stop-With([int] $Code, [string] $Message) {
  [Console]::Error.WriteLine("sallyport: $Message")
  exit $Code
}

# ---------------------------------------------------------------- the key

function Open-Key([string] $Name) {
  $provider = [Security.Cryptography.CngProvider]::new('Microsoft Platform Crypto Provider')
  if ([Security.Cryptography.CngKey]::Exists($Name, $provider)) {
    return [Security.Cryptography.CngKey]::Open($Name, $provider)
  }
  $how = [Security.Cryptography.CngKeyCreationParameters]::new()
  $how.Provider = $provider
  $how.ExportPolicy = [Security.Cryptography.CngExportPolicies]::None
  $how.KeyUsage = [Security.Cryptography.CngKeyUsages]::Signing
  return [Security.Cryptography.CngKey]::Create(
    [Security.Cryptography.CngAlgorithm]::ECDsaP256, $Name, $how)
}

function New-Request([Security.Cryptography.ECDsaCng] $Key, [string] $Name) {
  $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new(
    "CN=$Name", $Key, [Security.Cryptography.HashAlgorithmName]::SHA256)
  return [Convert]::ToBase64String($request.CreateSigningRequest())
}

function Get-Fingerprint([Security.Cryptography.ECDsaCng] $Key) {
  $hash = [Security.Cryptography.SHA256]::HashData($Key.ExportSubjectPublicKeyInfo())
  return [Convert]::ToHexString($hash).ToLowerInvariant()
}

# ---------------------------------------------------------------- talking to the server

# Trusts the pinned root and nothing else: not what Windows trusts.
function New-Client($Root, $Identity) {
  $handler = [Net.Http.SocketsHttpHandler]::new()
  $handler.AllowAutoRedirect = $false
  $tls = $handler.SslOptions
  $policy = [Security.Cryptography.X509Certificates.X509ChainPolicy]::new()
  $policy.TrustMode = 'CustomRootTrust'
  $policy.RevocationMode = 'NoCheck'
  [void] $policy.CustomTrustStore.Add($Root)
  $tls.CertificateChainPolicy = $policy
  if ($Identity) {
    $tls.ClientCertificates = [Security.Cryptography.X509Certificates.X509CertificateCollection]::new(@($Identity))
  }
  $client = [Net.Http.HttpClient]::new($handler)
  $client.Timeout = [TimeSpan]::FromSeconds(60)
  return $client
}

# The root, if the server has one with the pin. This one connection believes whoever answers: it sends nothing.
function Get-PinnedRoot([uri] $From, [string] $Pin) {
  $handler = [Net.Http.HttpClientHandler]::new()
  $handler.ServerCertificateCustomValidationCallback =
    [Net.Http.HttpClientHandler]::DangerousAcceptAnyServerCertificateValidator
  $client = [Net.Http.HttpClient]::new($handler)
  try {
    $body = $client.GetStringAsync([uri]::new($From, '/.well-known/est/cacerts')).GetAwaiter().GetResult()
  } catch {
    Stop-With $Unreachable "nothing answers at ${From}: check the address and the network"
  }
  foreach ($certificate in (Read-Certificates $body)) {
    if ($certificate.GetCertHashString('SHA256').ToLowerInvariant() -eq $Pin) { return $certificate }
  }
  Stop-With $Untrusted "the server at $From has no CA certificate with the pin you gave; the code was not sent"
}

function Read-Certificates([string] $Base64) {
  $found = [Security.Cryptography.X509Certificates.X509Certificate2Collection]::new()
  $found.Import([Convert]::FromBase64String(($Base64 -replace '\s', '')))
  return $found
}

function Send-Request($Client, [string] $Method, [uri] $To, [string] $Body, [string] $Type, [string] $Basic) {
  $message = [Net.Http.HttpRequestMessage]::new([Net.Http.HttpMethod]::new($Method), $To)
  if ($Body) {
    $message.Content = [Net.Http.StringContent]::new($Body)
    $message.Content.Headers.ContentType = [Net.Http.Headers.MediaTypeHeaderValue]::new($Type)
  }
  if ($Basic) {
    $pair = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($Basic))
    $message.Headers.Authorization = [Net.Http.Headers.AuthenticationHeaderValue]::new('Basic', $pair)
  }
  try {
    return $Client.SendAsync($message).GetAwaiter().GetResult()
  } catch {
    Stop-With $Unreachable "the request to $To failed: $($_.Exception.GetBaseException().Message)"
  }
}

function Read-Text($Response) { return $Response.Content.ReadAsStringAsync().GetAwaiter().GetResult() }

function Stop-Refused($Response) {
  $status = [int] $Response.StatusCode
  $code = if ($status -eq 429 -or $status -ge 500) { $Later } else { $Refused }
  $said = "HTTP $status"
  try {
    $problem = Read-Text $Response | ConvertFrom-Json -AsHashtable
    $said = "$($problem['title']). $($problem['detail']) [$($problem['type'] -replace '.*:', '')]" -replace '\p{Cc}', ' '
  } catch { }
  Stop-With $code "refused: $said"
}

# ---------------------------------------------------------------- what is kept

function Read-Settings {
  $file = Join-Path $Dir 'config.json'
  if (-not (Test-Path $file)) { Stop-With $Local 'this laptop is not enrolled: run Sallyport.ps1 Enroll' }
  return Get-Content $file -Raw | ConvertFrom-Json
}

function Get-Root { return [Security.Cryptography.X509Certificates.X509Certificate2]::new((Join-Path $Dir 'ca.crt')) }

# Windows binds certificate and key in the user's store; only the thumbprint is ours to keep, and its file is replaced
# in one step.
function Save-Identity([Security.Cryptography.X509Certificates.X509Certificate2] $Certificate, $Key, $Settings) {
  $bound = [Security.Cryptography.X509Certificates.ECDsaCertificateExtensions]::CopyWithPrivateKey($Certificate, $Key)
  $store = [Security.Cryptography.X509Certificates.X509Store]::new('My', 'CurrentUser')
  $store.Open('ReadWrite')
  $store.Add($bound)
  $store.Close()
  $Settings | Add-Member -Force thumbprint $Certificate.Thumbprint
  $fresh = Join-Path $Dir 'config.json.new'
  $Settings | ConvertTo-Json | Set-Content $fresh -Encoding utf8NoBOM
  Move-Item $fresh (Join-Path $Dir 'config.json') -Force
}

function Open-Identity($Settings) {
  $certificate = Get-Item "Cert:\CurrentUser\My\$($Settings.thumbprint)" -ErrorAction SilentlyContinue
  if (-not $certificate) { Stop-With $Local 'the certificate is not in the store any more: enrol again' }
  return $certificate
}

# The one among those sent that certifies this key.
function Select-Own($Response, $Key) {
  foreach ($certificate in (Read-Certificates (Read-Text $Response))) {
    $public = [Security.Cryptography.X509Certificates.ECDsaCertificateExtensions]::GetECDsaPublicKey($certificate)
    if ($public -and [Convert]::ToHexString($public.ExportSubjectPublicKeyInfo()) -eq
        [Convert]::ToHexString($Key.ExportSubjectPublicKeyInfo())) {
      return $certificate
    }
  }
  Stop-With $Unreachable 'the server answered without a certificate for this key'
}

# ---------------------------------------------------------------- commands

function Invoke-Enroll {
  if (-not $Server -or -not $Device -or -not $CaSha256) { Stop-With 1 'Enroll needs -Server, -Device and -CaSha256' }
  if ($Server.Scheme -ne 'https') { Stop-With 1 '-Server: expected an address like https://host:port' }
  $pin = ($CaSha256 -replace ':', '').ToLowerInvariant()
  if ($pin.Length -ne 64) { Stop-With 1 '-CaSha256: expected 64 hexadecimal digits' }
  $theDoor = if ($Door) { $Door } else { [uri] "https://$($Server.Host):8443" }
  $code = ''
  if (-not $Ask) {
    $typed = Read-Host 'Enrolment code' -AsSecureString
    $code = [Net.NetworkCredential]::new('', $typed).Password.Trim()
    if (-not $code) { Stop-With 1 'no code was typed; to be approved by an operator say -Ask' }
  }
  [void] (New-Item -ItemType Directory -Force $Dir)
  $key = [Security.Cryptography.ECDsaCng]::new((Open-Key "sallyport-$Device"))
  $root = Get-PinnedRoot $Server $pin
  $client = New-Client $root $null
  $request = New-Request $key "$Device"
  if ($Ask) { "fingerprint $(Get-Fingerprint $key)" }
  $giveUp = [DateTime]::UtcNow.AddHours(1)
  while ($true) {
    $response = Send-Request $client 'POST' ([uri]::new($Server, '/.well-known/est/simpleenroll')) `
      $request 'application/pkcs10' "${Device}:$code"
    if ([int] $response.StatusCode -ne 202) { break }
    if (-not $Ask -or [DateTime]::UtcNow -gt $giveUp) {
      Stop-With $Later 'nobody has approved yet: run the same command again to go on waiting'
    }
    $pause = if ($response.Headers.RetryAfter) { $response.Headers.RetryAfter.Delta.TotalSeconds } else { 30 }
    Start-Sleep -Seconds ([Math]::Clamp($pause, 1, 300))
  }
  if ([int] $response.StatusCode -ne 200) { Stop-Refused $response }
  $certificate = Select-Own $response $key
  [IO.File]::WriteAllBytes((Join-Path $Dir 'ca.crt'), $root.RawData)
  Save-Identity $certificate $key ([pscustomobject] @{ server = "$Server"; door = "$theDoor"; device = "$Device" })
  "enrolled   $($certificate.Subject)"
  "until      $($certificate.NotAfter.ToUniversalTime().ToString('u'))"
}

function Invoke-Renew {
  $settings = Read-Settings
  $old = Open-Identity $settings
  $life = $old.NotAfter - $old.NotBefore
  if (-not $Force -and ([DateTime]::Now - $old.NotBefore).TotalSeconds * 3 -lt $life.TotalSeconds * 2) {
    "not due    the certificate ends $($old.NotAfter.ToUniversalTime().ToString('u'))"
    return
  }
  $key = [Security.Cryptography.ECDsaCng]::new((Open-Key "sallyport-$($settings.device)"))
  $response = Send-Request (New-Client (Get-Root) $old) 'POST' `
    ([uri]::new([uri] $settings.door, '/.well-known/est/simplereenroll')) (New-Request $key $settings.device) `
    'application/pkcs10' ''
  if ([int] $response.StatusCode -ne 200) { Stop-Refused $response }
  $new = Select-Own $response $key
  $bound = [Security.Cryptography.X509Certificates.ECDsaCertificateExtensions]::CopyWithPrivateKey($new, $key)
  # Ends the run unless the new one is let in: then the old one is still in its place.
  Request-Grant $settings $bound
  Save-Identity $new $key $settings
  "renewed    until $($new.NotAfter.ToUniversalTime().ToString('u'))"
}

function Request-Grant($Settings, $Identity) {
  $response = Send-Request (New-Client (Get-Root) $Identity) 'POST' ([uri]::new([uri] $Settings.door, '/oauth2/token')) `
    'grant_type=client_credentials' 'application/x-www-form-urlencoded' ''
  if ([int] $response.StatusCode -ne 200) { Stop-Refused $response }
  $grant = Read-Text $response | ConvertFrom-Json
  Write-Host 'admitted'
  Write-Host "grant      $($grant.grant_id)"
  Write-Host "segments   $($grant.segments -join ', ')"
  Write-Host "until      $([DateTime]::UtcNow.AddSeconds($grant.expires_in).ToString('u'))"
}

function Invoke-Session([string] $Method) {
  $settings = Read-Settings
  $response = Send-Request (New-Client (Get-Root) (Open-Identity $settings)) $Method `
    ([uri]::new([uri] $settings.door, '/session')) '' '' ''
  if ([int] $response.StatusCode -ge 300) { Stop-Refused $response }
  return $response
}

switch ($Command) {
  'Enroll' { Invoke-Enroll }
  'Renew' { Invoke-Renew }
  'Join' { $settings = Read-Settings; Request-Grant $settings (Open-Identity $settings) }
  'Status' {
    $session = Read-Text (Invoke-Session 'GET') | ConvertFrom-Json
    "device     $($session.device.name) ($($session.device.id))"
    "certificate ends $($session.certificate.notAfter)"
    "segments   $($session.segments -join ', ')"
  }
  'Leave' { [void] (Invoke-Session 'DELETE'); 'left: every grant of this laptop has ended' }
}
